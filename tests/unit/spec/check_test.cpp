#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

TEST_CASE("check: the default configuration is sound") {
  CHECK(check_after([](Config&) {}) == "accepted");
}

TEST_CASE("check: versions 1.x are taken, others refused") {
  for (const char* good : {"1.0.0", "1.0.2-dev", "1.3.0", "1.99.0+later"})
    CHECK(check_after([&](Config& c) { c.oci_version = good; }) == "accepted");
  CHECK(check_after([](Config& c) { c.oci_version = "2.0.0"; }) ==
        "ociVersion: \"2.0.0\" is not supported: lodger implements version 1 of the specification");
  CHECK(check_after([](Config& c) {
          c.oci_version = "0.5.0-dev";
        }).starts_with("ociVersion: \"0.5.0-dev\" is not supp"));
  CHECK(check_after([](Config& c) { c.oci_version = "1.0"; }) ==
        "ociVersion: \"1.0\" is no version as semver.org has it (\"1.3.0\")");
}

TEST_CASE("check: a configuration for another platform says so") {
  CHECK(check_after([](Config& c) { c.linux.reset(), c.other_platforms = {"freebsd"}; }) ==
        "freebsd: lodger runs Linux containers, and this configuration is for something else");
  CHECK(check_after([](Config& c) { c.other_platforms = {"windows"}; }) == "accepted");
  CHECK(check_after([](Config& c) { c.other_platforms = {"vm"}; }).starts_with("vm: "));
}

TEST_CASE("check: the root filesystem") {
  CHECK(check_after([](Config& c) { c.root.reset(); }) == "root: missing");
  CHECK(check_after([](Config& c) { c.root->path.clear(); }) == "root.path: must not be empty");
}

TEST_CASE("check: a container without a process is one") {
  CHECK(check_after([](Config& c) { c.process.reset(); }) == "accepted");
}

TEST_CASE("check: hooks of all six kinds") {
  struct Row {
    const char* name;
    std::vector<Hook> Hooks::*list;
  };
  for (const auto& [name, list] :
       {Row{"prestart", &Hooks::prestart}, Row{"createRuntime", &Hooks::create_runtime},
        Row{"createContainer", &Hooks::create_container}, Row{"startContainer", &Hooks::start_container},
        Row{"poststart", &Hooks::poststart}, Row{"poststop", &Hooks::poststop}}) {
    const std::string at = "hooks." + std::string(name) + "[1].";
    const auto with = [&](Hook hook) {
      return check_after([&](Config& c) {
        c.hooks.*list = {Hook{.path = "/a", .timeout = 1}, std::move(hook)};
      });
    };
    CHECK(with({.path = "/b"}) == "accepted");
    CHECK(with({.path = "b"}) == at + "path: must be absolute, found \"b\"");
    CHECK(with({.path = ""}) == at + "path: must be absolute, found \"\"");
    CHECK(with({.path = "/b", .timeout = 0}) == at + "timeout: must be greater than zero, found 0");
    CHECK(with({.path = "/b", .timeout = -1}) == at + "timeout: must be greater than zero, found -1");
  }
}

TEST_CASE("check: annotations have names") {
  CHECK(check_after([](Config& c) { c.annotations[""] = "x"; }) == "annotations: a key must not be empty");
  CHECK(check_after([](Config& c) { c.annotations["k"] = ""; }) == "accepted");
}

TEST_CASE("problems: one for each part of the configuration, none for a sound one") {
  Config config = sound();
  CHECK(problems(config).empty());
  config.oci_version = "2.0.0";
  config.process->cwd = "relative";
  config.annotations[""] = "x";
  const auto found = problems(config);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text.starts_with("ociVersion"));
  CHECK(found[1].text.starts_with("process.cwd"));
  CHECK(found[2].text.starts_with("annotations"));
  config.linux.reset();
  CHECK(problems(config).size() == 1);
}
