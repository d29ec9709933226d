#include "spec/state.hpp"

#include <catch2/catch.hpp>

using lodger::spec::ProcessState;
using lodger::spec::State;
using lodger::spec::to_json;

TEST_CASE("state: one line, pid and annotations only where there are any") {
  CHECK(to_json(State{.id = "a", .status = "creating", .bundle = "/b"}) ==
        R"({"ociVersion":"1.3.0","id":"a","status":"creating","bundle":"/b"})");
  CHECK(
      to_json(State{.id = "a",
                    .status = "created",
                    .bundle = "/b",
                    .pid = 42,
                    .annotations = {{"k", "v"}, {"l", ""}}}) ==
      R"({"ociVersion":"1.3.0","id":"a","status":"created","pid":42,"bundle":"/b","annotations":{"k":"v","l":""}})");
}

TEST_CASE("state: what stands in a path or an annotation cannot break the document") {
  CHECK(
      to_json(State{.id = "a", .status = "created", .bundle = "/b\"\n\xff", .annotations = {{"\"", "\\"}}}) ==
      "{\"ociVersion\":\"1.3.0\",\"id\":\"a\",\"status\":\"created\",\"bundle\":\"/b\\\"\\n\xef\xbf\xbd\","
      "\"annotations\":{\"\\\"\":\"\\\\\"}}");
}

TEST_CASE("container process state: the state within, metadata only where there is any") {
  const State state{.id = "a", .status = "running", .bundle = "/b", .pid = 42};
  CHECK(
      to_json(ProcessState{43, "", state}) ==
      R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":43,"state":{"ociVersion":"1.3.0","id":"a","status":"running","pid":42,"bundle":"/b"}})");
  CHECK(
      to_json(ProcessState{43, "m\"", state}) ==
      R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":43,"metadata":"m\"","state":{"ociVersion":"1.3.0","id":"a","status":"running","pid":42,"bundle":"/b"}})");
}
