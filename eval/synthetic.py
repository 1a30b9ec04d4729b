"""Made-up papers and questions from a seed, long as real abstracts are; what is measured is left to `speed.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import cycle
from random import Random

from rag.model import Paper

__all__ = ["questions", "synthetic"]


def _lines(listed: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in listed.strip().splitlines())


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


FIELDS = _lines(
    """
    language translation grammar dialogue summary token vocabulary sentence discourse paraphrase dialect syntax corpus
    vision image pixel segmentation camera depth texture occlusion scene shadow contour panorama photograph detector
    speech audio phoneme microphone accent prosody voice recording pitch vocal acoustic whisper speaker spectrogram
    robot gripper arm manipulation locomotion grasp joint torque trajectory kitchen drone warehouse terrain quadruped
    protein molecule enzyme folding binding ligand residue sequence chemistry solvent crystal peptide assay antibody
    weather climate rainfall storm forecast temperature satellite ocean glacier humidity wind drought monsoon flood
    medicine patient hospital diagnosis tumour radiology clinic symptom dosage surgery record triage biopsy vaccine
    graph node edge community spectral neighbour adjacency motif clustering path centrality hypergraph subgraph walk
    reward policy bandit exploration agent game environment planning regret simulator curriculum imitation opponent
    privacy attack adversary leakage encryption watermark poisoning audit consent membership secret backdoor threat
    compression pruning quantisation memory latency sparsity bandwidth kernel cache accelerator weight distillation
    theory bound convergence convexity gradient proof generalisation kernel manifold entropy minimax sample rate
    recommendation user click item rating session catalogue advert ranking preference purchase feed novelty churn
    music melody chord rhythm instrument composer genre score harmony tempo timbre orchestra improvisation lyric
    law court statute contract verdict precedent clause licence judge regulation dispute appeal witness tribunal
    finance market stock price portfolio volatility risk credit trader auction currency fraud loan hedge dividend
    education student teacher exam lesson tutor essay homework grade school feedback classroom curriculum pupil
    code program compiler bug function repository test patch syntax variable loop developer commit refactoring
    physics particle collider quantum plasma lattice photon detector symmetry energy boson magnet simulation turbulence
    agriculture crop soil harvest pest irrigation orchard livestock seed fertiliser yield weed greenhouse pollination
    traffic vehicle lane pedestrian intersection driver congestion route bus parking highway signal cyclist collision
    astronomy galaxy telescope star orbit planet spectrum comet asteroid supernova nebula cosmology transit eclipse
    history archive manuscript letter newspaper museum empire census portrait parish migration chronicle treaty script
    biology cell genome mutation species tissue neuron habitat evolution microbe bacteria embryo forest insect
    """
)
"""What papers of one field speak of: 24 fields."""
METHODS = _words(
    """attention contrastive diffusion retrieval regression sampling alignment pretraining augmentation calibration
    distillation embedding factorisation filtering fusion hashing interpolation masking normalisation optimisation
    projection reconstruction regularisation reweighting routing scheduling search selection supervision tokenisation
    transfer transport verification voting decoding boosting annealing backtracking bootstrapping caching"""
)
QUALITIES = _words(
    """sparse dense robust scalable lightweight modular probabilistic hierarchical recurrent causal symbolic neural
    unsupervised multilingual federated interpretable compositional equivariant adaptive stochastic iterative private
    efficient generative discrete continuous asynchronous differentiable geometric temporal spatial online lossless"""
)
VERBS = _words(
    """encodes predicts compresses aligns ranks filters reconstructs segments samples refines transfers aggregates
    clusters verifies schedules decodes denoises localises summarises detects rewrites anchors balances splits"""
)
MEASURES = _words("accuracy recall precision latency memory perplexity throughput error coverage calibration")
SYLLABLES = _words(
    "ba cor del fen gra hol is jun kel lor mar nex ol pra quin rho sel tor um vex wil xan yor zel tri mo ka ve"
)
PATTERNS = (
    "Recent work on {a} has made {b} cheaper, yet {c} remains poorly understood.",
    "Existing systems for {a} treat {b} and {c} apart, which costs {m}.",
    "A common assumption is that {q} {x} needs many labels of {a}.",
    "We ask whether {a} can be learned from {b} without any {c}.",
    "We present {N}, a {q} method of {x} for {a} and {b}.",
    "{N} {v} every {a} before it {w} the {b}, so that no {c} is lost.",
    "At its core, {N} combines {q} {x} with a model of {a}.",
    "Unlike {O}, our approach {v} the {b} only where a {c} is uncertain.",
    "The key observation is that {a} varies slowly while {b} depends on {c}.",
    "To train it we collect {n} examples of {a} from {k} sources of {b}.",
    "On {D}, {N} improves {m} by {p} points over {O}.",
    "It reduces {m} by {p}% with {k} times fewer parameters than {O}.",
    "Across {k} benchmarks, the {q} variant wins in {p}% of the cases.",
    "An ablation shows that {x} accounts for most of the gain in {m}.",
    "We further find that {b} hurts {m} when the {c} is rare.",
    "The method needs {k} hours on one machine and {n} steps of {y}.",
    "Human raters prefer its {a} over that of {O} in {p}% of {n} trials.",
    "A theoretical analysis bounds the {m} of {q} {x} under shifts of {b}.",
    "Failures concentrate where {a} and {c} overlap, which {y} does not repair.",
    "We release {D}, a collection of {n} annotated cases of {a} and {b}.",
    "These results suggest that {x} is a {q} alternative to {y} for {a}.",
    "Our study covers {k} settings, from {a} in the wild to simulated {c}.",
    "Code for {N} and the data on {b} will be made public.",
    "This opens a way to {q} {a} that respects the limits of {c}.",
)
TITLES = (
    "{N}: {Q} {X} for {A} and {B}",
    "{Q} {A} through {X}",
    "Does {X} Help {A}? A Study of {B} and {C}",
    "{N}, or How to Learn {A} from {B}",
    "Towards {Q} {X} of {A}",
)
ASKED = (
    "How does {N} learn {a}?",
    "Which papers use {q} {x} for {a} and {b}?",
    "What improves {m} on {a} when {b} is rare?",
    "Is {x} better than {y} for {c}?",
    "What is {N}?",
    "How can {a} be combined with {b} and {c}?",
)
SHORTEST, LONGEST, TYPICAL, SPREAD = 90, 340, 200, 45
"""Words of an abstract: normal with this mean and spread, cut off at the ends, as those of arXiv are about."""


def synthetic(count: int, seed: int = 0, first: int = 0) -> Iterator[Paper]:
    """Yield `count` papers, the same for the same seed, numbered from `first`; each is made as it is asked for."""
    for number in range(first, first + count):
        random = Random(f"{seed}:{number}")
        fill = _filling(random)
        length = min(LONGEST, max(SHORTEST, random.gauss(TYPICAL, SPREAD)))
        patterns = cycle(random.sample(PATTERNS, len(PATTERNS)))
        said: list[str] = []
        while len(said) < length:
            # what a paper is about stays; its words for it change from sentence to sentence
            said += next(patterns).format(**_again(random, fill)).split()
        title = random.choice(TITLES).format(**{name: value.title() for name, value in fill.items()} | {"N": fill["N"]})
        yield Paper(
            id=f"s{seed}.{number:07d}",
            title=title,
            abstract=" ".join(said),
            url=f"https://example.org/{seed}/{number}",
            authors=tuple(f"{_name(random)} {_name(random)}" for _ in range(random.randint(1, 5))),
            published=date(2010 + number % 16, 1 + number % 12, 1 + number % 28),
            source=f"part-{number % 8}.jsonl",
        )


def questions(count: int, papers: int, seed: int = 0) -> list[str]:
    """Return questions about papers of `synthetic(papers, seed)`, in their words, another paper each."""
    random = Random(f"{seed}:questions")
    asked = []
    for _ in range(count):
        fill = _filling(Random(f"{seed}:{random.randrange(papers)}"))
        asked.append(random.choice(ASKED).format(**fill))
    return asked


def _name(random: Random) -> str:
    return "".join(random.choices(SYLLABLES, k=random.randint(2, 4))).capitalize()


def _filling(random: Random) -> dict[str, str]:
    """Return what a paper is about, by the letter that patterns have for it; capitals are for titles and names."""
    field = random.choice(FIELDS)
    a, b, c = random.sample(field, 3)
    x, y = random.sample(METHODS, 2)
    fill = {"a": a, "b": b, "c": c, "x": x, "y": y, "q": random.choice(QUALITIES)}
    fill |= {name.upper(): fill[name] for name in "abcxq"}
    fill |= {"N": _name(random), "O": _name(random), "D": f"{_name(random)}-{random.randint(2, 99)}"}
    return fill | {"field": " ".join(field), "m": random.choice(MEASURES)}


def _again(random: Random, fill: dict[str, str]) -> dict[str, str]:
    """Return a filling with the fleeting parts drawn anew, and now and then another word of the field."""
    fleeting = {
        "v": random.choice(VERBS),
        "w": random.choice(VERBS),
        "m": random.choice(MEASURES),
        "n": f"{random.randint(1, 900) * 100:,}",
        "k": str(random.randint(2, 64)),
        "p": f"{random.uniform(0.4, 60):.1f}",
    }
    for name, chance, words in (
        ("a", 0.3, fill["field"].split()),
        ("c", 0.5, fill["field"].split()),
        ("y", 0.5, METHODS),
        ("q", 0.3, QUALITIES),
        ("b", 0.15, random.choice(FIELDS)),
    ):
        if random.random() < chance:
            fleeting[name] = random.choice(words)
    return fill | fleeting
