# Two images from one file: `web` is light and has no torch, `worker` adds what trains and predicts.
# Versions come from constraints.txt, the same pins that `make run` and `make test` install with.

FROM python:3.11-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp STUDIO_DATA_DIR=/data
# One account for both images, so that they can share the data volume; the volume takes its owner from this folder.
RUN groupadd --system --gid 10001 studio \
    && useradd --system --uid 10001 --gid studio --no-create-home --shell /usr/sbin/nologin studio \
    && install --directory --owner=studio --group=studio --mode=0700 /data
WORKDIR /srv/studio
COPY pyproject.toml constraints.txt README.md LICENSE ./
# The libraries before the code: a change of the code then rebuilds no library.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > /tmp/base.txt && pip install -c constraints.txt -r /tmp/base.txt && rm /tmp/base.txt

FROM base AS web
COPY app ./app
COPY studio ./studio
COPY studio_ui ./studio_ui
COPY worker ./worker
COPY migrations ./migrations
RUN pip install --no-deps -e .
USER studio
EXPOSE 7860
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["studio"]
CMD ["web"]

FROM base AS worker
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['worker'], sep='\n')" \
    > /tmp/worker.txt && pip install -c constraints.txt -r /tmp/worker.txt && rm /tmp/worker.txt
COPY app ./app
COPY studio ./studio
COPY studio_ui ./studio_ui
COPY worker ./worker
COPY migrations ./migrations
RUN pip install --no-deps -e .
USER studio
ENTRYPOINT ["studio"]
CMD ["worker"]
