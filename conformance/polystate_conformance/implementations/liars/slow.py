"""Says hello and then never answers."""

import time

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything

if __name__ == "__main__":
    protocol.serve(claim_everything("slow"), lambda message: time.sleep(3600) or {})
