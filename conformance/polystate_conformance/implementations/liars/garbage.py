"""Answers every second request with a line that is not JSON, the others with JSON that is no answer."""

import json
import sys

from polystate_conformance.implementations.liars import claim_everything

if __name__ == "__main__":
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "hello":
            print(json.dumps(claim_everything("garbage")), flush=True)
        elif message["cmd"] == "run":
            print("{'ok'" if int(message["seq"]) % 2 else '{"ok": {}}', flush=True)
