// An /etc of the test's own: a copy of the machine's, without lodger's folder.
#pragma once
#include "own_mounts.hpp"

namespace lodger::test {

class OwnEtc : public OwnMounts {
 public:
  OwnEtc() {
    REQUIRE(mount("etc", "/mnt", "tmpfs", 0, "mode=0755") == 0);
    REQUIRE(std::system("cp -a /etc/. /mnt/ && rm -rf /mnt/lodger && mkdir -m 0755 /mnt/lodger") == 0);
    REQUIRE(mount("/mnt", "/etc", nullptr, MS_MOVE, nullptr) == 0);
  }
};

}  // namespace lodger::test
