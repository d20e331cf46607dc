FROM cauce-test-base:1
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends curl \
    && python -m pip install --quiet 'moto[s3,server,iam]>=5.2.5,<6'
RUN useradd --uid 1000 seaweed && mkdir /data && chown seaweed /data
COPY seaweedfs_entry.py /entry.py
VOLUME /data
ENTRYPOINT ["python", "/entry.py"]
