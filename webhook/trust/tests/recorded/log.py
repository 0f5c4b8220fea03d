#!/usr/bin/env python3
"""A transparency log and a timestamp authority for record.sh: what cosign needs of Rekor 1, with one
entry at a time, and RFC 3161 by openssl.

Arguments: port, private key of the log (PEM), configuration for `openssl ts`.
"""

import base64
import hashlib
import http.server
import json
import subprocess
import sys
import tempfile

# in 2024: before any clock that the recorded entries are verified by
INTEGRATED = 1_720_000_000

PORT, KEY, TIMESTAMPS = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def openssl(*arguments, text=b""):
    return subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=True).stdout


SPKI = openssl("pkey", "-in", KEY, "-pubout", "-outform", "DER")
LOG_ID = hashlib.sha256(SPKI).digest()


def sign(text):
    return openssl("dgst", "-sha256", "-sign", KEY, text=text)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def encoded(data):
    return base64.b64encode(data).decode()


def sha256(data):
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def logged(proposed):
    """What Rekor stores of an entry that is proposed to it."""
    bodies = {"dsse": dsse, "intoto": intoto}
    body = bodies.get(proposed["kind"])
    return {**proposed, "spec": body(proposed["spec"])} if body else proposed


def dsse(spec):
    content = spec["proposedContent"]
    envelope = json.loads(content["envelope"])
    return {
        "envelopeHash": sha256(content["envelope"].encode()),
        "payloadHash": sha256(base64.b64decode(envelope["payload"])),
        "signatures": [
            {"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}
        ],
    }


def intoto(spec):
    """Version 0.0.1, which is what cosign proposes: of the envelope only digests are kept."""
    envelope = spec["content"]["envelope"]
    payload = base64.b64decode(json.loads(envelope)["payload"])
    hashes = {"hash": sha256(envelope.encode()), "payloadHash": sha256(payload)}
    return {"content": hashes, "publicKey": spec["publicKey"]}


def entry(proposed):
    body = canonical(logged(proposed))
    promised = {
        "body": encoded(body),
        "integratedTime": INTEGRATED,
        "logID": LOG_ID.hex(),
        "logIndex": 0,
    }
    root = hashlib.sha256(b"\0" + body).digest()
    note = f"log.example\n1\n{encoded(root)}\n"
    signature = encoded(LOG_ID[:4] + sign(note.encode()))
    proof = {
        "checkpoint": f"{note}\n\u2014 log.example {signature}\n",
        "hashes": [],
        "logIndex": 0,
        "rootHash": root.hex(),
        "treeSize": 1,
    }
    promise = encoded(sign(canonical(promised)))
    verification = {"signedEntryTimestamp": promise, "inclusionProof": proof}
    return {root.hex(): {**promised, "verification": verification}}


def timestamp(query):
    with tempfile.NamedTemporaryFile() as file:
        file.write(query)
        file.flush()
        return openssl("ts", "-reply", "-config", TIMESTAMPS, "-queryfile", file.name)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] == "application/timestamp-query":
            self.answer("application/timestamp-reply", timestamp(asked))
            return
        made = entry(json.loads(asked))
        # cosign 3 finds the entry by it
        self.answer("application/json", json.dumps(made).encode(), ETag=next(iter(made)))

    def answer(self, media_type, body, **headers):
        self.send_response(201)
        self.send_header("Content-Type", media_type)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
