#include <set>

#include "spec/json.hpp"
#include "spec/options.hpp"
#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static FeatureFacts facts() {
  return {.version = "0.1.0",
          .commit = "abc",
          .libseccomp_version = "2.5.4",
          .capabilities = {"CAP_CHOWN", "CAP_KILL"},
          .seccomp_archs = {"SCMP_ARCH_X86_64"},
          .seccomp_actions = {"SCMP_ACT_ALLOW"},
          .seccomp_operators = {"SCMP_CMP_EQ"},
          .seccomp_known_flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"},
          .seccomp_supported_flags = {"SECCOMP_FILTER_FLAG_LOG"},
          .unsafe_annotations = {"org.example."},
          .apparmor = true,
          .systemd = true};
}

static Document document(const FeatureFacts& from) {
  auto parsed = Document::parse(features_document(from), "features");
  REQUIRE(verdict(parsed) == "accepted");
  return std::move(*parsed);
}

static std::vector<std::string> texts(Value array) {
  std::vector<std::string> out;
  REQUIRE(array.kind() == Kind::array);
  for (std::size_t i = 0; i < array.size(); ++i) out.push_back(array.at(i).take_string());
  return out;
}

TEST_CASE("features: what the specification has lodger say") {
  const Document doc = document(facts());
  const Value root = doc.root();
  CHECK(root.find("ociVersionMin").take_string() == "1.0.0");
  CHECK(root.find("ociVersionMax").take_string() == oci_version);
  CHECK(texts(root.find("hooks")).size() == 6);
  const auto names = mount_option_names();
  CHECK(texts(root.find("mountOptions")) == std::vector<std::string>(names.begin(), names.end()));
  CHECK(texts(root.find("potentiallyUnsafeConfigAnnotations")) == std::vector<std::string>{"org.example."});
  const Value linux_part = root.find("linux");
  CHECK(texts(linux_part.find("namespaces")) ==
        std::vector<std::string>{"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"});
  CHECK(texts(linux_part.find("capabilities")) == facts().capabilities);
  CHECK(texts(linux_part.find("memoryPolicy").find("modes")) ==
        std::vector<std::string>{"MPOL_BIND", "MPOL_DEFAULT", "MPOL_INTERLEAVE", "MPOL_LOCAL",
                                 "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"});
  CHECK(texts(linux_part.find("memoryPolicy").find("flags")) ==
        std::vector<std::string>{"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"});
}

TEST_CASE("features: the facts stand where they belong") {
  const Document doc = document(facts());
  const Value linux_part = doc.root().find("linux"), seccomp = linux_part.find("seccomp");
  CHECK(seccomp.find("enabled").boolean());
  CHECK(texts(seccomp.find("actions")) == facts().seccomp_actions);
  CHECK(texts(seccomp.find("operators")) == facts().seccomp_operators);
  CHECK(texts(seccomp.find("archs")) == facts().seccomp_archs);
  CHECK(texts(seccomp.find("knownFlags")) == facts().seccomp_known_flags);
  CHECK(texts(seccomp.find("supportedFlags")) == facts().seccomp_supported_flags);
  CHECK(linux_part.find("apparmor").find("enabled").boolean());
  CHECK_FALSE(linux_part.find("selinux").find("enabled").boolean());
  CHECK(linux_part.find("cgroup").find("v1").boolean());
  CHECK(linux_part.find("cgroup").find("v2").boolean());
  CHECK(linux_part.find("cgroup").find("rdma").boolean());
  CHECK(linux_part.find("netDevices").find("enabled").boolean());
  for (const char* flag : {"enabled", "schemata", "monitoring"})
    CHECK(linux_part.find("intelRdt").find(flag).boolean());
  for (const char* flag : {"systemd", "systemdUser"}) CHECK(linux_part.find("cgroup").find(flag).boolean());
  const Value annotations = doc.root().find("annotations");
  CHECK(annotations.find("lodger.version").take_string() == "0.1.0");
  CHECK(annotations.find("lodger.commit").take_string() == "abc");
  CHECK(annotations.find("io.github.seccomp.libseccomp.version").take_string() == "2.5.4");
}

TEST_CASE("features: what check() refuses is not claimed") {
  const Document doc = document(facts());
  const Value linux_part = doc.root().find("linux");
  CHECK(linux_part.find("mountExtensions").find("idmap").find("enabled").boolean());
  CHECK(doc.root().find("annotations").find("org.opencontainers.runc.checkpoint.enabled").take_string() ==
        "false");
}

TEST_CASE("features: a build without a commit says none") {
  FeatureFacts bare = facts();
  bare.commit.clear();
  bare.libseccomp_version.clear();
  const Document doc = document(bare);
  CHECK_FALSE(doc.root().find("annotations").find("lodger.commit"));
  CHECK_FALSE(doc.root().find("annotations").find("io.github.seccomp.libseccomp.version"));
  CHECK(features_document(bare).starts_with("{\n    \"ociVersionMin\": \"1.0.0\",\n"));
  CHECK(features_document(bare).ends_with("}\n"));
}
