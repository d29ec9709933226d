"""The table: what each engine is asked."""
from buildah import BUILDAH, Buildah
from conmon import CONMON, Conmon
from ctr import CTR
from docker_own import DOCKER
from engines import Containerd, Docker, Podman
from lifecycle import LIFECYCLE
from podman_own import PODMAN
from refusals import REFUSALS
from settings import SETTINGS

SHARED = LIFECYCLE + SETTINGS + REFUSALS
TABLE = {Docker: SHARED + DOCKER, Podman: SHARED + PODMAN, Containerd: CTR, Buildah: BUILDAH, Conmon: CONMON}
