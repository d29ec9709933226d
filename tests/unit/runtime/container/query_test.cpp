#include "runtime/container/query.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

using namespace lodger;
using namespace lodger::container;
using lodger::test::Child;
using lodger::test::record_of;
using lodger::test::TempFolder;

namespace {

Entry entry(const std::string& id, Status status, pid_t pid) {
  Entry out;
  out.record.id = id;
  out.record.bundle = "/b";
  out.record.rootfs = "/b/rootfs";
  out.record.created = "2026-11-24T23:34:56.404035118Z";
  out.record.pid = pid;
  out.status = status;
  return out;
}

}  // namespace

TEST_CASE("the state document, member by member and blank by blank") {
  Entry one = entry("c1", Status::created, 12026);
  CHECK(state_document(one) == R"({
  "ociVersion": "1.3.0",
  "id": "c1",
  "pid": 12026,
  "status": "created",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2026-11-24T23:34:56.404035118Z",
  "owner": ""
})");
  one.annotations = {{"b", "2"}, {"a", "\"é\""}};
  one.status = Status::stopped;
  const auto text = state_document(one);
  CHECK(text.find("  \"pid\": 0,\n") != std::string::npos);
  CHECK(
      text.find(
          "  \"annotations\": {\n    \"a\": \"\\\"é\\\"\",\n    \"b\": \"2\"\n  },\n  \"owner\": \"\"\n}") !=
      std::string::npos);
}

TEST_CASE("the table keeps the columns that callers cut") {
  CHECK(table({}) == "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  CHECK(table({entry("c1", Status::created, 12026)}) ==
        "ID          PID         STATUS      BUNDLE      CREATED                          OWNER\n"
        "c1          12026       created     /b          2026-11-24T23:34:56.404035118Z   root\n");
  Entry stranger = entry("a-long-container-id", Status::stopped, 7);
  stranger.record.owner = 4000000000U;
  stranger.record.bundle = "/é/234567890";
  const auto text = table({stranger});
  CHECK(text.find("a-long-container-id   0           stopped     /é/234567890   2026") != std::string::npos);
  CHECK(text.ends_with("   #4000000000\n"));
}

TEST_CASE("the array is one line, null when there is nothing") {
  CHECK(array({}) == "null");
  CHECK(array({entry("c1", Status::running, 5), entry("c2", Status::stopped, 6)}) ==
        R"([{"ociVersion":"1.3.0","id":"c1","pid":5,"status":"running","bundle":"/b","rootfs":"/b/rootfs",)"
        R"("created":"2026-11-24T23:34:56.404035118Z","owner":"root"},)"
        R"({"ociVersion":"1.3.0","id":"c2","pid":0,"status":"stopped","bundle":"/b","rootfs":"/b/rootfs",)"
        R"("created":"2026-11-24T23:34:56.404035118Z","owner":"root"}])");
}

TEST_CASE("annotations are the top level's alone") {
  using Map = std::map<std::string, std::string>;
  CHECK(annotations_of("{}").value().empty());
  CHECK(annotations_of(R"({"annotations":{"a":"1","b":"2"}})").value() == Map{{"a", "1"}, {"b", "2"}});
  CHECK(annotations_of(R"({"annotations":{}, "hostname":"annotations"})").value().empty());
  CHECK(annotations_of(R"({"linux":{"annotations":{"x":"y"}},"hooks":[{"annotations":{"z":"y"}}],)"
                       R"("annotations":{"a":"1"},"other":{"b":"2"}})")
            .value() == Map{{"a", "1"}});
  CHECK(annotations_of(R"({"process":{"args":["\"annotations\""]}})").value().empty());
  CHECK(annotations_of(R"({"Annotations":{"a":"1"}})").value() == Map{{"a", "1"}});
  CHECK(annotations_of(R"({"\u0061nnotations":{"a":"1"}})").value() == Map{{"a", "1"}});
  CHECK(annotations_of(R"({"annotations":{"a":"1"},"ANNOTATIONS":{"b":"2"}})").value() == Map{{"b", "2"}});
  CHECK(annotations_of(R"({"annotations":{"a":"1"},"Annotations":null})").value().empty());
  CHECK(annotations_of(R"({"annotations":{"a":"1","A":"2","a":null}})").value() == Map{{"A", "2"}});
  CHECK(annotations_of(R"({"annotations":{"a":)").error().code == EBADMSG);
}

TEST_CASE("observe reads record, annotations and status of one container") {
  const TempFolder temp;
  const Store store(temp.path);
  Child child(test::sleep_long);
  test::put(store, record_of("c1", child), R"({"annotations":{"k":"v"}})");
  const auto before = observe(store, "c1").value();
  CHECK(before.status == Status::running);
  CHECK(before.pid() == child.pid);
  CHECK(before.annotations.at("k") == "v");
  ::kill(child.pid, SIGKILL);
  child.wait();
  const auto after = observe(store, "c1").value();
  CHECK(after.status == Status::stopped);
  CHECK(after.pid() == 0);
  CHECK(observe(store, "c2").error().text == "container does not exist");
}

TEST_CASE("a broken container is reported and hides no other") {
  const TempFolder temp;
  const Store store(temp.path);
  const Child child(test::sleep_long);
  test::put(store, record_of("a", child));
  test::put(store, record_of("z", child));
  test::put(store, record_of("damaged", child));
  test::write_file(temp / "damaged/state.json", "nonsense");
  store.reserve("empty").value().commit();
  test::write_file(temp / "file", "");
  const auto busy = store.reserve("in-the-making").value();
  const auto listing = list(store).value();
  REQUIRE(listing.entries.size() == 2);
  CHECK(listing.entries[0].record.id == "a");
  CHECK(listing.entries[1].record.id == "z");
  REQUIRE(listing.broken.size() == 3);
  CHECK(listing.broken[0].starts_with("load container damaged: "));
  CHECK(listing.broken[1] == "load container empty: container does not exist");
  CHECK(listing.broken[2].starts_with("load container file: "));
}

TEST_CASE("no root, no containers") {
  const TempFolder temp;
  const auto listing = list(Store(temp / "absent")).value();
  CHECK(listing.entries.empty());
  CHECK(listing.broken.empty());
}

TEST_CASE("a configuration without annotations is not parsed to observe a state: it may be long") {
  const TempFolder temp;
  const Store store(temp.path);
  const Child child(test::sleep_long);
  test::put(store, record_of("c1", child), R"({"linux":{"seccomp": no JSON)");
  CHECK(observe(store, "c1"));
  test::put(store, record_of("c2", child), R"({"annotations":{"k": no JSON)");
  CHECK_FALSE(observe(store, "c2"));
}
