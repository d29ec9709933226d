#include "cgroups/systemd/unit.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::cgroups::systemd;

namespace {

using Annotations = std::map<std::string, std::string>;

Outcome<Unit> unit_of(std::string_view path, const Annotations& annotations = {}) {
  return parse_unit(path, "c1", false, annotations);
}

std::string refusal(std::string_view path, const Annotations& annotations = {}) {
  const auto unit = unit_of(path, annotations);
  return unit ? "" : unit.error().text;
}

}  // namespace

TEST_CASE("systemd: cgroupsPath is slice, prefix and name") {
  const auto unit = unit_of("kubepods-burstable.slice:cri-containerd:abc");
  REQUIRE(unit);
  CHECK(unit->name == "cri-containerd-abc.scope");
  CHECK(unit->slice == "kubepods-burstable.slice");
  CHECK(unit->description == "lodger container c1");
  CHECK(path_of(*unit) == "/kubepods.slice/kubepods-burstable.slice/cri-containerd-abc.scope");
}

TEST_CASE("systemd: what cgroupsPath leaves out has its default") {
  CHECK(unit_of("")->name == "lodger-c1.scope");
  CHECK(path_of(*unit_of("")) == "/system.slice/lodger-c1.scope");
  CHECK(path_of(*parse_unit("", "c1", true, {})) == "/user.slice/lodger-c1.scope");
  CHECK(parse_unit("", "a+b", false, {})->name == "lodger-a\\x2bb.scope");
  CHECK(unit_of(":libpod:x")->slice == "system.slice");
  CHECK(unit_of("a.slice::x")->name == "x.scope");
  CHECK(unit_of("a.slice:p:x.scope")->name == "p-x.scope");
  CHECK(path_of(*unit_of("-.slice:p:x")) == "/p-x.scope");
}

TEST_CASE("systemd: a cgroupsPath of another form is refused in the words that callers know") {
  for (const char* path : {"/a/path", "a.slice:b", "a.slice:b:c:d", "name"})
    CHECK(refusal(path).find("expected cgroupsPath to be of format \"slice:prefix:name\"") !=
          std::string::npos);
  CHECK(refusal("a.slice:b:").find("the name after the second colon is empty") != std::string::npos);
  CHECK(refusal("a.slice:b:c.slice").find("a slice holds units") != std::string::npos);
  CHECK(refusal("a.slice:b:c/../d").find("systemd.unit(5)") != std::string::npos);
  CHECK(refusal("a.slice:b:" + std::string(250, 'x')).find("longer than 255 bytes") != std::string::npos);
}

TEST_CASE("systemd: slices nest by their names") {
  CHECK(expand_slice("a.slice") == "/a.slice");
  CHECK(expand_slice("a-b-c.slice") == "/a.slice/a-b.slice/a-b-c.slice");
  CHECK(expand_slice("-.slice") == "");
  for (const char* wrong :
       {"", ".slice", "a", "a.scope", "-a.slice", "a-.slice", "a--b.slice", "a/b.slice"}) {
    CAPTURE(wrong);
    CHECK_FALSE(expand_slice(wrong));
  }
  CHECK(expand_slice("a").error().text.find("invalid slice name: a: wanted is a name such as a.slice") == 0);
}

TEST_CASE("systemd: annotations become properties, and the cgroup below the scope") {
  const auto unit = unit_of("", {{"org.systemd.property.CollectMode", "'inactive'"},
                                 {"run.oci.systemd.subgroup", "container"},
                                 {"org.example.other", "x"}});
  REQUIRE(unit);
  CHECK(unit->properties == std::vector<Property>{{"CollectMode", string("inactive")}});
  CHECK(path_of(*unit) == "/system.slice/lodger-c1.scope/container");
}

TEST_CASE("systemd: annotations that would move the container elsewhere are refused") {
  for (const char* name : {"PIDs", "Slice", "Delegate", "DevicePolicy", "DeviceAllow"})
    CHECK(refusal("", {{std::string("org.systemd.property.") + name, "'x'"}}).find("lodger sets") !=
          std::string::npos);
  for (const char* name : {"..", ".", "a/b", "a\nb"})
    CHECK(refusal("", {{"run.oci.systemd.subgroup", name}}).find("is not the name of a folder") !=
          std::string::npos);
}
