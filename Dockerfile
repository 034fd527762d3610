# The GPU service: llmrec with vLLM, scoring on port 8000.
# Built and run on machines with Docker and an NVIDIA driver only; no test builds it.
#   docker build -t llmrec-gpu .
#   docker run --gpus all -p 127.0.0.1:8000:8000 -v "$HOME/.cache/huggingface:/root/.cache/huggingface" \
#     llmrec-gpu Qwen/Qwen3-4B
FROM python:3.12-slim-bookworm

# Triton compiles small launchers at start-up; CUDA itself comes with the wheels.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY constraints/gpu.txt constraints/gpu.txt
COPY pyproject.toml README.md LICENSE ./
COPY llmrec llmrec
COPY prompts prompts
COPY finetune finetune
COPY index index
COPY eval eval
RUN pip install --no-cache-dir -c constraints/gpu.txt ".[gpu]"

EXPOSE 8000
HEALTHCHECK --start-period=10m --interval=30s \
    CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=5)"
# The container's own loopback is not reachable from the host, hence 0.0.0.0 here (and only here).
ENTRYPOINT ["llmrec", "vllm", "up", "--host", "0.0.0.0", "--port", "8000"]
CMD ["Qwen/Qwen3-0.6B"]
