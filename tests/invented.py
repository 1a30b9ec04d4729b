"""Twelve invented papers with names and numbers, to plant faults in; nothing here is a real result."""

# ruff: noqa: E501
from __future__ import annotations

from rag.model import Paper

TEXTS = (
    ("Tidewater: Sparse Routing for Long Documents", "Long documents strain attention. We present Tidewater, a routing layer that reads 128k tokens with 4.2 GB of memory. Tidewater outperforms Marlowe-XL on the Harbour benchmark by 6.3 points. Training is 2.4 times faster than dense attention on 16 GPUs. The method is robust to noisy input, and it does not need a teacher."),
    ("Pebble: Quantising Speech Models to Three Bits", "Speech models are too large for phones. Pebble quantises the weights of Echolalia-300M to 3 bits per weight. It reduces memory by 78% while word error rate rises from 5.1% to 5.4%. On the Fjord corpus the quantised model is faster than the original by 1.9x. Pebble requires only 512 calibration clips and no labels."),
    ("Do Small Judges Agree with Large Ones?", "Language models now judge other models. We compare 14 judges on 2,600 answers of the Assize dataset. Small judges agree with human raters in 61% of cases, whereas Solon-70B agrees in 83%. Agreement is lower for mathematics than for history. We find that position bias explains 40% of the errors."),
    ("Orchard: Pruning by Harvest Cycles", "Pruning in one shot hurts accuracy. Orchard removes 10% of the heads of a transformer in each of 7 cycles. On GLADE the pruned model keeps 97.5% of its accuracy with 45% fewer parameters. Orchard is simpler than Espalier and needs no second optimiser. Latency on the Kestrel chip falls from 31 ms to 18 ms."),
    ("Lantern Retrieval for Low-Resource Languages", "Retrieval fails for languages with little text. Lantern trains a dual encoder on 1.2 million translated pairs in 23 languages. It improves recall at 10 by 11 points over Babel-DPR on the Minaret test set. The gains are largest for Faroese and smallest for German. Lantern cannot handle code-switched queries."),
    ("Counting Calories of Training Runs", "The energy of training is rarely reported. We meter 48 training runs on Corvid-A clusters over 9 months. A run of 7 billion parameters consumes 310 MWh on average, and 22% of it cools the racks. Early stopping saves 15% of the energy without loss of accuracy. Our tool Wattle is public."),
    ("Mosaic Prompts for Table Questions", "Tables confuse language models. Mosaic cuts a table into 6 tiles and asks Quill-2 about each one. Exact match on TabulaQA rises from 48.2 to 57.9. Mosaic costs 3 times more tokens than plain prompting. It is less effective for tables with fewer than 20 rows."),
    ("Sextant: Calibrated Abstention in Question Answering", "Systems answer when they should abstain. Sextant learns a threshold from 900 unanswerable questions. On Nautilus it lowers the rate of wrong answers from 27% to 12% while it answers 88% of the answerable questions. Sextant works with Petrel-13B and with closed models. The threshold transfers poorly to legal text."),
    ("Gradient Postcards for Federated Learning", "Federated learning sends large gradients. Postcards compress each gradient 64x with a shared codebook of 4096 entries. Over 300 rounds on FedLoam the accuracy drops by 0.4%. Upload time on Skua phones falls by 92%. The codebook leaks no labels in our audit."),
    ("Hearth: Memory for Household Robots", "Robots forget where things are. Hearth stores 10,000 object sightings in a graph and queries it with Lark-VL. In 35 homes it finds the asked object in 74% of trials, and the baseline Scout finds it in 52%. Hearth needs 1.1 seconds per query. Moving furniture breaks the graph after 5 days."),
    ("Noisy Labels Help Tiny Translators", "Clean data is expensive. We show that 30% noisy labels improve a translator of 25M parameters by 1.8 BLEU. The effect vanishes above 200M parameters. We test on Sorrel-12 with Finch and Wren decoders. Dropout gives a weaker gain than label noise."),
    ("Cartographer: Maps of Model Failures", "Failures cluster. Cartographer embeds 52,000 failed answers of Drongo-8B and finds 37 regions. Annotators name 33 regions consistently. Repairing the largest region with 800 examples raises accuracy on Atlas by 4.6 points. The maps are stable across seeds but not across model families."),
)  # fmt: skip

PAPERS = tuple(Paper(f"i{number}", title, abstract) for number, (title, abstract) in enumerate(TEXTS))
