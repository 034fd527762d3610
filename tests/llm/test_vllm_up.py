"""``llmrec vllm up`` with a real server: ready, checked, and gone after Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]
LLMREC = [sys.executable, "-c", "from llmrec.cli import main; main()"]


def test_up_then_check_then_ctrl_c(smollm2_path):
    pytest.importorskip("vllm")
    del smollm2_path
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*LLMREC, "vllm", "up", "smollm2-135m", "--port", str(port)]
    command += ["--max-model-len", "1024", "--", "--max-num-seqs", "4"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, text=True
    ) as up:
        try:
            said = up.stdout.readline()
            assert said.startswith(f"ready: http://127.0.0.1:{port} serves smollm2-135m")
            check = [*LLMREC, "vllm", "check", f"http://127.0.0.1:{port}", "--json"]
            facts = json.loads(
                subprocess.check_output(check, text=True)  # noqa: S603
            )
            assert facts["scores_labels"] is True
            assert facts["context_length"] == 1024
            assert facts["model"] == "smollm2-135m"
            up.send_signal(signal.SIGINT)
            assert up.wait(timeout=60) == 130
        finally:
            if up.poll() is None:
                os.kill(up.pid, signal.SIGTERM)
    with socket.socket() as again:  # nothing listens any more
        assert again.connect_ex(("127.0.0.1", port)) != 0
