#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/rootfs/rootfs.hpp"

using namespace lodger;

namespace {

std::string planned(const std::string& path) {
  spec::Config config;
  config.root = spec::Root{path, false};
  config.linux.emplace();
  plan::Wishes wishes;
  auto memory = std::move(plan::Memory::make().value());
  plan::Row row;
  plan::Planning planning{config, wishes, memory, row};
  const auto rootfs = rootfs::plan_rootfs(planning);
  return rootfs ? "planned" : rootfs.error().text;
}

}  // namespace

TEST_CASE("plan of the root: an ordinary user is told what is missing") {
  const std::string path = "/etc";  // every user can look at it
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    ::_exit(
        planned(path) !=
        "root.path /etc: lodger lacks the rights of root; containers of ordinary users are not built yet");
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
