#include "spec/where.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::spec;

TEST_CASE("where: a path reads as the document is written") {
  Told told;
  const Where root(told, "config.json");
  const Where top(root, "linux"), list(top, "syscalls"), entry(list, 3), leaf(entry, "action");
  CHECK(root.path().empty());
  CHECK(top.path() == "linux");
  CHECK(leaf.path() == "linux.syscalls[3].action");
}

TEST_CASE("where: keys that are no words stand in quotes") {
  Told told;
  const Where root(told, "config.json");
  CHECK(Where(Where(root, "sysctl"), "net.core.somaxconn").path() == "sysctl[\"net.core.somaxconn\"]");
  CHECK(Where(Where(root, "annotations"), "").path() == "annotations[\"\"]");
  CHECK(Where(Where(root, "annotations"), "a\nb").path() == "annotations[\"a\\nb\"]");
}

TEST_CASE("where: a refusal is false and lands at the root") {
  Told told;
  const Where root(told, "config.json");
  const Where leaf(root, "root");
  CHECK_FALSE(leaf.refuse("missing"));
  CHECK(told.failure.text == "root: missing");
  CHECK_FALSE(root.refuse("empty"));
  CHECK(told.failure.text == "config.json: empty");
}

TEST_CASE("where: a prefix starts the paths of a document that is a part") {
  Told told;
  const Where root(told, "process", "process");
  CHECK_FALSE(Where(Where(root, "args"), std::size_t{0}).refuse("no"));
  CHECK(told.failure.text == "process.args[0]: no");
}
