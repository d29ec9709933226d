#include "spec/where.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::spec;

TEST_CASE("where: a path reads as the document is written") {
  Failure failure;
  const Where root(failure, "config.json");
  const Where top(root, "linux"), list(top, "syscalls"), entry(list, 3), leaf(entry, "action");
  CHECK(root.path().empty());
  CHECK(top.path() == "linux");
  CHECK(leaf.path() == "linux.syscalls[3].action");
}

TEST_CASE("where: keys that are no words stand in quotes") {
  Failure failure;
  const Where root(failure, "config.json");
  CHECK(Where(Where(root, "sysctl"), "net.core.somaxconn").path() == "sysctl[\"net.core.somaxconn\"]");
  CHECK(Where(Where(root, "annotations"), "").path() == "annotations[\"\"]");
  CHECK(Where(Where(root, "annotations"), "a\nb").path() == "annotations[\"a\\nb\"]");
}

TEST_CASE("where: a refusal is false and lands at the root") {
  Failure failure;
  const Where root(failure, "config.json");
  const Where leaf(root, "root");
  CHECK_FALSE(leaf.refuse("missing"));
  CHECK(failure.text == "root: missing");
  CHECK_FALSE(root.refuse("empty"));
  CHECK(failure.text == "config.json: empty");
}

TEST_CASE("where: a prefix starts the paths of a document that is a part") {
  Failure failure;
  const Where root(failure, "process", "process");
  CHECK_FALSE(Where(Where(root, "args"), std::size_t{0}).refuse("no"));
  CHECK(failure.text == "process.args[0]: no");
}
