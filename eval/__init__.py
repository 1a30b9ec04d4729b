"""The grounding evaluation of Paperchat (`rag-eval`); the answers that it judges are left to `rag`.

Reading order: `schema.py` and `questions.py` (what is asked), `matching.py` (does a text hold a fact), `retrieval.py`,
`citations.py`, `answers.py` and `agreement.py` (the measures), `reply.py` and `measures.py` (all of them for one
answer), `stats.py` (intervals and comparisons), `slices.py`, `counterfactual.py` and `poison.py` (harder questions and
libraries), `beir.py` (search alone, on any collection), `checker.py` (the check itself, against hand labels),
`run.py` (the command), `session.py` and `evaluate.py` (a whole run), `gates.py` and `comparison.py` (against
a baseline), `report.py` and `markdown.py` (what people read), `judge.py` (a model as judge, beside the measures).
"""
