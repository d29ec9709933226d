#include "spec/parse.hpp"

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

TEST_CASE("parse: the top-level members") {
  const Config config = parsed_with(R"(
      "root": {"path": "rootfs", "readonly": true}, "hostname": "h", "domainname": "d",
      "annotations": {"com.example.k": "v", "": "", "gone": null},
      "hooks": {"prestart": [{"path": "/a", "args": ["a", "b"], "env": ["X=1"], "timeout": 5}],
                "createRuntime": [{"path": "/b"}], "createContainer": [{"path": "/c"}],
                "startContainer": [{"path": "/d"}], "poststart": [{"path": "/e"}], "poststop": [{"path": "/f"}]})");
  CHECK(config.oci_version == "1.0.0");
  CHECK(config.root->path == "rootfs");
  CHECK(config.root->readonly);
  CHECK(config.hostname == "h");
  CHECK(config.domainname == "d");
  CHECK(config.annotations == std::map<std::string, std::string>{{"com.example.k", "v"}, {"", ""}});
  REQUIRE(config.hooks.prestart.size() == 1);
  CHECK(config.hooks.prestart[0].path == "/a");
  CHECK(config.hooks.prestart[0].args == std::vector<std::string>{"a", "b"});
  CHECK(config.hooks.prestart[0].env == std::vector<std::string>{"X=1"});
  CHECK(config.hooks.prestart[0].timeout == 5);
  CHECK(config.hooks.create_runtime.at(0).path == "/b");
  CHECK_FALSE(config.hooks.create_runtime.at(0).timeout);
  CHECK(config.hooks.create_container.at(0).path == "/c");
  CHECK(config.hooks.start_container.at(0).path == "/d");
  CHECK(config.hooks.poststart.at(0).path == "/e");
  CHECK(config.hooks.poststop.at(0).path == "/f");
}

TEST_CASE("parse: absent and null are the same") {
  for (const char* text :
       {R"({"ociVersion": "1.0.0"})",
        R"({"ociVersion": "1.0.0", "root": null, "process": null, "mounts": null, "hooks": null,
                               "hostname": null, "annotations": null, "linux": null, "vm": null})"}) {
    const auto config = parse(text);
    REQUIRE(config);
    CHECK_FALSE(config->root);
    CHECK_FALSE(config->process);
    REQUIRE(config->linux);  // the runtime's namespaces, all of them
    CHECK(config->linux->namespaces.empty());
    CHECK(config->mounts.empty());
    CHECK(config->other_platforms.empty());
  }
}

TEST_CASE("parse: unknown members are ignored, at every depth") {
  CHECK(
      parse_with(R"("x": 1, "root": {"path": "r", "x": []}, "linux": {"x": {}, "resources": {"x": 1.5}})") ==
      "accepted");
}

TEST_CASE("parse: the presence of other platforms' objects is noted") {
  CHECK(parsed_with(R"("zos": {}, "windows": {"a": 1}, "vm": {}, "solaris": {}, "freebsd": {})")
            .other_platforms == std::vector<std::string>{"freebsd", "solaris", "vm", "windows", "zos"});
}

TEST_CASE("parse: what is wrong is named by its path") {
  struct Row {
    const char *member, *said;
  };
  for (const auto& [member, said] : {
           Row{R"("root": {})", "root.path: missing"},
           Row{R"("root": {"path": null})", "root.path: missing"},
           Row{R"("root": [])", "root: expected an object, found an array"},
           Row{R"("root": {"path": "r", "readonly": 1})",
               "root.readonly: expected a boolean, found a number"},
           Row{R"("hostname": true)", "hostname: expected a string, found a boolean"},
           Row{R"("annotations": {"a.b": 1})", "annotations[\"a.b\"]: expected a string, found a number"},
           Row{R"("annotations": [])", "annotations: expected an object, found an array"},
           Row{R"("hooks": {"poststop": [{"path": "/a"}, {}]})", "hooks.poststop[1].path: missing"},
           Row{R"("hooks": {"prestart": {}})", "hooks.prestart: expected an array, found an object"},
           Row{R"("hooks": {"prestart": [null]})", "hooks.prestart[0]: expected an object, found null"},
           Row{R"("hooks": {"prestart": [{"path": "/a", "timeout": "5"}]})",
               "hooks.prestart[0].timeout: expected an integer, found a string"},
           Row{R"("hooks": {"prestart": [{"path": "/a", "timeout": 2147483648}]})",
               "hooks.prestart[0].timeout: expected -2147483648 to 2147483647, found 2147483648"},
           Row{R"("mounts": [{"destination": "/a"}, {}])", "mounts[1].destination: missing"},
           Row{R"("mounts": [{"destination": ""}])", "mounts[0].destination: must not be empty"},
           Row{R"("mounts": [{"destination": "/a", "options": "ro"}])",
               "mounts[0].options: expected an array, found a string"},
           Row{R"("mounts": [{"destination": "/a\u0000b"}])",
               "mounts[0].destination: contains a NUL character, which the kernel cannot take"},
           Row{R"("mounts": [{"destination": "/a", "uidMappings": [{"containerID": 0, "hostID": 1}]}])",
               "mounts[0].uidMappings[0].size: missing"},
       }) {
    CAPTURE(member);
    CHECK(parse_with(member) == said);
  }
}

TEST_CASE("parse: the document itself") {
  CHECK(verdict(parse("[]")) == "config.json: expected an object, found an array");
  CHECK(verdict(parse("null")) == "config.json: expected an object, found null");
  CHECK(verdict(parse("{}")) == "ociVersion: missing");
  CHECK(verdict(parse(R"({"ociVersion": 1})")) == "ociVersion: expected a string, found a number");
  CHECK(verdict(parse("{\n\n  \"a\": }")).starts_with("config.json: line 3, column 8: "));
  CHECK(verdict(parse_process("{\"cwd\": \"/\", ")).starts_with("process: line 1, column "));
}

TEST_CASE("parse: a member whose name differs in case alone is taken, and remarked on") {
  std::vector<std::string> remarks;
  const auto config = parse(R"({"ociversion": "1.0.0", "HOSTNAME": "a", "hostname": "b", "domainname": null,
                                "root": {"path": "r", "readOnly": true}, "annotations": {"a": "1", "A": "2"}})",
                            &remarks);
  REQUIRE(verdict(config) == "accepted");
  CHECK(config->root->readonly);
  CHECK(config->hostname == "b");
  CHECK(config->annotations.size() == 2);
  CHECK(remarks == std::vector<std::string>{
                       "config.json: \"ociversion\" is taken for \"ociVersion\": case counts in names",
                       "root: \"readOnly\" is taken for \"readonly\": case counts in names"});
  CHECK(parse_with(R"("root": {"paths": "r", "ath": "r", "path ": "r"})") == "root.path: missing");
  CHECK(parse_resources(R"({"pids": {"LIMIT": 5}})", &remarks)->pids->limit == 5);
  CHECK(remarks == std::vector<std::string>{
                       "linux.resources.pids: \"LIMIT\" is taken for \"limit\": case counts in names"});
}

TEST_CASE("parse: of names that differ in case alone the last counts, as of doubles") {
  std::vector<std::string> remarks;
  const auto config = parse(R"({"ociVersion": "1.0.0", "hostname": "a", "hostname": "b", "Hostname": "c",
                                "domainname": "a", "DomainName": null,
                                "annotations": {"k": "1", "k": "2", "n": "1", "n": null}})",
                            &remarks);
  REQUIRE(verdict(config) == "accepted");
  CHECK(config->hostname == "c");
  CHECK(config->domainname.empty());
  CHECK(config->annotations == std::map<std::string, std::string>{{"k", "2"}});
  CHECK(remarks == std::vector<std::string>{
                       "config.json: \"Hostname\" is taken for \"hostname\": case counts in names"});
}

TEST_CASE("parse: mounts keep their order, destinations are clean") {
  struct Row {
    const char *written, *clean;
  };
  for (const auto& [written, clean] :
       {Row{"/a/../b//c", "/b/c"}, Row{"a/b", "/a/b"}, Row{"/", "/"}, Row{"//", "/"}, Row{".", "/"},
        Row{"/../../etc", "/etc"}, Row{"/a/", "/a"}, Row{"/a/./b/.", "/a/b"}, Row{"a/b/../..", "/"},
        Row{"..", "/"}, Row{"/..a/...", "/..a/..."}}) {
    CAPTURE(written);
    const auto config = parsed_with(std::string(R"("mounts": [{"destination": ")") + written + "\"}]");
    CHECK(config.mounts.at(0).destination == clean);
  }
  const auto config = parsed_with(R"("mounts": [
      {"destination": "/z", "type": "tmpfs", "source": "s", "options": ["ro", "size=1k"]},
      {"destination": "/a", "uidMappings": [{"containerID": 1, "hostID": 2, "size": 3}],
       "gidMappings": [{"containerID": 4, "hostID": 5, "size": 4294967295}]}])");
  REQUIRE(config.mounts.size() == 2);
  CHECK(config.mounts[0].destination == "/z");
  CHECK(config.mounts[0].type == "tmpfs");
  CHECK(config.mounts[0].source == "s");
  CHECK(config.mounts[0].options == std::vector<std::string>{"ro", "size=1k"});
  CHECK(config.mounts[1].uid_mappings.at(0).host_id == 2);
  CHECK(config.mounts[1].gid_mappings.at(0).size == 4294967295);
}
