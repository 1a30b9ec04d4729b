"""Makes a language model of random weights and serves it with llama.cpp's own server; run as a program of its own.

It prints the address and serves until its input ends. What it says is nonsense, in sentences, some with a citation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

WORDS = """
walnut harpoon gravel velvet monsoon cathedral biscuit anchor lantern marmalade
trumpet glacier saddle compass thunder orchard pretzel canyon feather mirror
""".split()  # noqa: SIM905
TOKENS = [f"\u2581{word}{end}" for word in WORDS for end in ("", "", ".", " [1].")]
WIDTH, HEADS, LAYERS, CONTEXT = 32, 2, 1, 16_384
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
"""The kinds of tokens in a GGUF file."""


def make(path: Path, seed: int = 0) -> Path:
    """Write a model of the Llama kind as a GGUF file: random weights, a vocabulary of bytes and of WORDS."""
    from gguf import GGUFWriter

    random = np.random.default_rng(seed)
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *dict.fromkeys(TOKENS)]
    spoken = len(pieces) - len(set(TOKENS))
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([-1000.0] * spoken + [-float(rank) for rank in range(len(pieces) - spoken)])
    writer.add_token_types([UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * (len(pieces) - spoken)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{% for message in messages %}{{ message.content }}\n{% endfor %}")

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))

    tensor("token_embd.weight", len(pieces), WIDTH)
    head = random.standard_normal((len(pieces), WIDTH)).astype(np.float32)
    head[:spoken] = 0  # it speaks in words only
    writer.add_tensor("output.weight", head)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        tensor(f"blk.{layer}.ffn_gate.weight", 2 * WIDTH, WIDTH)
        tensor(f"blk.{layer}.ffn_up.weight", 2 * WIDTH, WIDTH)
        tensor(f"blk.{layer}.ffn_down.weight", WIDTH, 2 * WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def serve(path: Path) -> None:
    """Serve a model on a free port of loopback, say where, and stay until the input ends."""
    import xllamacpp

    given = xllamacpp.CommonParams()
    given.model.path = str(path)
    given.n_ctx = CONTEXT
    given.n_parallel = 1
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 1
    given.warmup = False
    given.port = 0
    server = xllamacpp.Server(given)
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(make(Path(sys.argv[1])))
