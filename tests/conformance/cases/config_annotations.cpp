// config.md, "Annotations", "Extensibility", "Valid values" and "Specification version": what config.json may
// and may not say.
#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

void refused(Trial& t, Container& box, const std::string& what) {
  const Finished created = box.create();
  t.expect_error(what, created.succeeded() ? box.start() : created);
}

// --- Annotations

struct Annotation {
  std::string_view name, key, value;
};
constexpr std::array annotations = {
    Annotation{"plain", "com.example.myKey", "value"},
    Annotation{"empty-value", "com.example.empty", ""},
    Annotation{"unknown-reserved-key", "org.opencontainers.no.such.key", "1"},
    Annotation{"image-key", "org.opencontainers.image.os", "linux"},
    Annotation{"no-domain", "key", "value"},
    Annotation{"many-lines", "com.example.lines", "one\ntwo\t\"three\"\\"},
};

void annotation(Trial& t) {
  const Annotation& one = annotations[t.row()];
  Container& box = t.container();
  box.config["annotations"] = {{std::string(one.key), std::string(one.value)}};
  box.created();
  t.expect_eq("the annotation in the state", one.value,
              box.state().value("annotations", json::object()).value(std::string(one.key), "(absent)"));
}

void empty_map(Trial& t) {
  Container& box = t.container();
  box.config["annotations"] = json::object();
  t.expect_success("create with an empty map of annotations", box.create());
}

void empty_key(Trial& t) {
  Container& box = t.container();
  box.config["annotations"] = {{"", "value"}};
  refused(t, box, "create with an annotation whose key is empty");
}

// --- Extensibility

struct Place {
  std::string_view name, pointer;
};
constexpr std::array places = {
    Place{"top", ""},
    Place{"root", "/root"},
    Place{"process", "/process"},
    Place{"user", "/process/user"},
    Place{"capabilities", "/process/capabilities"},
    Place{"rlimit", "/process/rlimits/0"},
    Place{"mount", "/mounts/0"},
    Place{"hooks", "/hooks"},
    Place{"hook", "/hooks/poststop/0"},
    Place{"linux", "/linux"},
    Place{"namespace", "/linux/namespaces/0"},
    Place{"resources", "/linux/resources"},
    Place{"memory", "/linux/resources/memory"},
};

void unknown_property(Trial& t) {
  Container& box = t.container();
  box.config["process"]["rlimits"] = {{{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}}};
  box.add_hook("poststop", "copy");
  box.config["linux"]["resources"]["memory"] = json::object();
  box.config[json::json_pointer(std::string(places[t.row()].pointer))]["orgExampleUnknown"] = {{"a", {1, 2}}};
  t.expect_eq("what the program said", "ran", box.inside("echo ran")["echo"]);
}

// --- Valid values

struct Wrong {
  std::string_view name, pointer, value;  // the value as JSON
};
constexpr std::array wrongs = {
    Wrong{"annotations-array", "/annotations", "[]"},
    Wrong{"annotation-number", "/annotations/key", "1"},
    Wrong{"root-string", "/root", "\"rootfs\""},
    Wrong{"root-path-number", "/root/path", "1"},
    Wrong{"root-readonly-string", "/root/readonly", "\"yes\""},
    Wrong{"hostname-number", "/hostname", "1"},
    Wrong{"process-array", "/process", "[]"},
    Wrong{"process-args-string", "/process/args", "\"/bin/probe\""},
    Wrong{"process-args-number", "/process/args/0", "1"},
    Wrong{"process-env-object", "/process/env", "{\"A\":\"1\"}"},
    Wrong{"process-cwd-empty", "/process/cwd", "\"\""},
    Wrong{"process-terminal-string", "/process/terminal", "\"no\""},
    Wrong{"process-noNewPrivileges-number", "/process/noNewPrivileges", "1"},
    Wrong{"process-oomScoreAdj-string", "/process/oomScoreAdj", "\"1\""},
    Wrong{"process-oomScoreAdj-range", "/process/oomScoreAdj", "1001"},
    Wrong{"user-uid-negative", "/process/user/uid", "-1"},
    Wrong{"user-uid-string", "/process/user/uid", "\"0\""},
    Wrong{"user-uid-range", "/process/user/uid", "4294967296"},
    Wrong{"user-gid-fraction", "/process/user/gid", "0.5"},
    Wrong{"user-additionalGids-number", "/process/user/additionalGids", "5"},
    Wrong{"capabilities-array", "/process/capabilities", "[\"CAP_KILL\"]"},
    Wrong{"rlimit-soft-negative", "/process/rlimits", R"([{"type":"RLIMIT_CORE","soft":-1,"hard":0}])"},
    Wrong{"rlimit-soft-above-hard", "/process/rlimits",
          R"([{"type":"RLIMIT_NOFILE","soft":200,"hard":100}])"},
    Wrong{"mounts-object", "/mounts", "{}"},
    Wrong{"mount-options-string", "/mounts/0/options", "\"ro\""},
    Wrong{"mount-destination-absent", "/mounts/0", R"({"type":"proc","source":"proc"})"},
    Wrong{"mount-type-unknown", "/mounts/0/type", "\"nosuchfs\""},
    Wrong{"hooks-array", "/hooks", "[]"},
    Wrong{"namespaces-object", "/linux/namespaces", "{}"},
    Wrong{"namespace-type-unknown", "/linux/namespaces/0/type", "\"nosuch\""},
    Wrong{"namespace-path-missing", "/linux/namespaces/0/path", "\"/not/there\""},
    Wrong{"memory-limit-string", "/linux/resources/memory/limit", "\"1g\""},
    Wrong{"sysctl-number", "/linux/sysctl", R"({"net.ipv4.ip_forward":1})"},
    Wrong{"maskedPaths-string", "/linux/maskedPaths", "\"/proc/kcore\""},
};

void invalid_value(Trial& t) {
  const Wrong& wrong = wrongs[t.row()];
  Container& box = t.container();
  box.config[json::json_pointer(std::string(wrong.pointer))] = json::parse(wrong.value);
  refused(t, box, std::string(wrong.pointer) + " being " + std::string(wrong.value));
}

struct Text {
  std::string_view name, content;
};
constexpr std::array texts = {Text{"empty", ""}, Text{"cut-off", "{\"ociVersion\": \"1.0.2\","},
                              Text{"array", "[]"}, Text{"no-json", "ociVersion = 1.0.2"}};

void no_configuration(Trial& t) {
  Container& box = t.container();
  box.write_config(texts[t.row()].content);
  t.expect_error("create with such a config.json", t.runtime({"create", "--bundle", box.bundle(), box.id()}));
  t.expect("the container", !box.known(), "not to exist", "it does");
}

// --- Specification version

struct Version {
  std::string_view name;
};
constexpr std::array good_versions = {Version{"1.0.0"}, Version{"1.0.1"}, Version{"1.0.2"},
                                      Version{"1.0.2-dev"}};
constexpr std::array bad_versions = {Version{"1"}, Version{"1.0"}, Version{"latest"}, Version{"v1.0.0"},
                                     Version{"2.0.0"}};

void good_version(Trial& t) {
  Container& box = t.container();
  box.config["ociVersion"] = good_versions[t.row()].name;
  t.expect_eq("what the program said", "ran", box.inside("echo ran")["echo"]);
}

void bad_version(Trial& t) {
  Container& box = t.container();
  box.config["ociVersion"] = bad_versions[t.row()].name;
  refused(t, box, "create with this version");
}

void no_version(Trial& t) {
  Container& box = t.container();
  box.config.erase("ociVersion");
  refused(t, box, "create without ociVersion");
}

constexpr Clause clause(std::string_view section, std::string_view text) {
  return {"config.md", section, Level::must, text};
}
constexpr std::string_view version_text =
    "`ociVersion` (string, REQUIRED) MUST be in SemVer v2.0.0 format and specifies the version of the Open "
    "Container Initiative Runtime Specification with which the bundle complies.";

constexpr Case single[] = {
    {"config-annotations/empty-map",
     clause("Annotations",
            "If there are no annotations then this property MAY either be absent or an empty map."),
     empty_map},
    {"config-annotations/empty-key-is-error", clause("Annotations", "Keys MUST NOT be an empty string."),
     empty_key},
    {"config-version/absent-is-error", clause("Specification version", version_text), no_version},
};

constexpr auto cases = joined(
    std::to_array(single),
    each(annotations,
         {"config-annotations/given",
          clause("Annotations",
                 "`annotations` (object, OPTIONAL) contains arbitrary metadata for the container."),
          annotation}),
    each(places,
         {"config-extensibility/unknown-property-ignored",
          clause("Extensibility", "Runtimes MAY log unknown properties but MUST otherwise ignore them."),
          unknown_property}),
    each(wrongs,
         {"config-values/invalid-is-error",
          clause("Valid values",
                 "Runtimes MUST generate an error when invalid or unsupported values are encountered."),
          invalid_value}),
    each(texts,
         {"config-values/no-configuration-is-error",
          {"bundle.md", "Container Format", Level::must, "`config.json`: contains configuration data."},
          no_configuration}),
    each(good_versions,
         {"config-version/accepted",
          clause("Specification version",
                 "The Open Container Initiative Runtime Specification follows semantic versioning and "
                 "retains forward and backward compatibility within major versions."),
          good_version}),
    each(bad_versions,
         {"config-version/invalid-is-error", clause("Specification version", version_text), bad_version}));

}  // namespace

std::span<const Case> config_annotations_cases() { return cases; }

}  // namespace conformance
