"""The table: what each engine is asked."""
from ctr import CTR
from engines import Containerd, Docker, Podman
from lifecycle import LIFECYCLE

TABLE = {Docker: LIFECYCLE, Podman: LIFECYCLE, Containerd: CTR}
