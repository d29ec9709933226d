"""The table: what each engine is asked."""
from buildah import BUILDAH, Buildah
from conmon import CONMON, Conmon
from cri import Cri
from ctr import CTR
from docker_own import DOCKER
from engines import Containerd, Docker, Podman
from lifecycle import LIFECYCLE
from podman_own import PODMAN
from pods_life import POD_LIFE
from pods_network import POD_NETWORK
from pods_settings import POD_SETTINGS
from refusals import REFUSALS
from relay import CTR_RELAY, RELAY
from settings import SETTINGS
from swarm import SWARM, Swarm

SHARED = LIFECYCLE + SETTINGS + REFUSALS + RELAY
TABLE = {Docker: SHARED + DOCKER, Podman: SHARED + PODMAN, Containerd: CTR + CTR_RELAY, Buildah: BUILDAH, Conmon: CONMON,
         Cri: POD_LIFE + POD_NETWORK + POD_SETTINGS, Swarm: SWARM}
