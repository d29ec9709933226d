#include <catch2/catch.hpp>

#include "runtime/container/lifecycle.hpp"
#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::TempFolder;

TEST_CASE("run: a configuration without a process is refused before anything is made (config.md, Process)") {
  const TempFolder folder;
  lodger::test::write_file(folder / "config.json", R"({"ociVersion": "1.3.0", "root": {"path": "rootfs"},
    "linux": {"namespaces": [{"type": "mount"}]}})");
  RunRequest request;
  request.id = "c";
  request.bundle = folder.path;
  request.detach = GENERATE(false, true);
  const auto ended = run(Store(folder / "state"), request, [](std::string_view) {});
  REQUIRE_FALSE(ended);
  CHECK(ended.error().text == "process: missing, and \"run\" has nothing to start without");
  CHECK_FALSE(lodger::test::exists(folder / "state"));
}
