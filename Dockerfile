FROM python:3.13-slim

WORKDIR /app

# Wheels only: nothing is compiled here, so no compiler is left behind. The packages' test suites
# are not needed either. Versions and hashes are those of `make lock`.
COPY requirements.lock .
RUN pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements.lock \
    && find /usr/local/lib/python3*/site-packages -type d -name tests -prune -exec rm -rf {} +

COPY .streamlit .streamlit
COPY app.py .
COPY efviz efviz

# numba compiles the inner loops here instead of in each container. It compiles for a generic
# processor: the container may run on another one than the build, and numba discards code compiled
# for another processor. Only the moments of least-squares data become slower (12 instead of 8 ms for
# a million examples).
ENV NUMBA_CPU_NAME=generic
RUN NUMBA_CACHE_DIR=/app/compiled python -c "from efviz.dashboard.warm_up import compile_all; compile_all()" \
    && python -m compileall -q app.py efviz \
    && chmod -R a+rX . \
    && useradd --system --uid 10001 --home-dir /tmp --no-create-home efviz

ENV HOME=/tmp \
    NUMBA_CACHE_DIR=/tmp/compiled \
    EFVIZ_PATIENCE=30 \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_PORT=8501

# Shown on the page and in the logs: docker build --build-arg EFVIZ_COMMIT="$(git rev-parse HEAD)"
ARG EFVIZ_COMMIT=""
ENV EFVIZ_COMMIT=$EFVIZ_COMMIT

USER 10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# numba reads its cache only where it may also write, and a read-only container may write only to
# /tmp.
CMD ["sh", "-c", "cp -rT /app/compiled /tmp/compiled && exec streamlit run app.py"]
