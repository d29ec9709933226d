// The features document. Source: runtime-spec 1.3, features.md and features-linux.md. What lodger does not do
// stands in it as false or empty: an absent member would say "unknown".
#include "spec/defaults.hpp"
#include "spec/json_writer.hpp"
#include "spec/linux_words.hpp"
#include "spec/options.hpp"
#include "spec/scheduling_words.hpp"

namespace lodger::spec {

namespace {

constexpr std::string_view hooks[] = {"prestart",       "createRuntime", "createContainer",
                                      "startContainer", "poststart",     "poststop"};

void write_cgroup(JsonWriter& out, const FeatureFacts& facts) {
  out.key("cgroup").open('{');
  out.key("v1").flag(facts.cgroup_v1).key("v2").flag(facts.cgroup_v2);
  out.key("systemd").flag(facts.systemd).key("systemdUser").flag(facts.systemd);
  out.key("rdma").flag(true).close('}');
}

void write_seccomp(JsonWriter& out, const FeatureFacts& facts) {
  out.key("seccomp").open('{').key("enabled").flag(true);
  out.key("actions").texts(facts.seccomp_actions).key("operators").texts(facts.seccomp_operators);
  out.key("archs").texts(facts.seccomp_archs).key("knownFlags").texts(facts.seccomp_known_flags);
  out.key("supportedFlags").texts(facts.seccomp_supported_flags).close('}');
}

void write_enabled(JsonWriter& out, std::string_view feature, bool enabled) {
  out.key(feature).open('{').key("enabled").flag(enabled).close('}');
}

template <class T, std::size_t N>
void write_words(JsonWriter& out, std::string_view key, const Word<T> (&words)[N]) {
  out.key(key).open('[');
  for (const auto& word : words) out.text(word.name);
  out.close(']');
}

void write_memory_policy(JsonWriter& out) {
  out.key("memoryPolicy").open('{');
  write_words(out, "modes", memory_policy_modes);
  write_words(out, "flags", memory_policy_flags);
  out.close('}');
}

/// lodger's part alone: whether the machine has it is another question (features.md).
void write_intel_rdt(JsonWriter& out) {
  out.key("intelRdt").open('{').key("enabled").flag(true).key("schemata").flag(true);
  out.key("monitoring").flag(true).close('}');
}

void write_linux(JsonWriter& out, const FeatureFacts& facts) {
  out.key("linux").open('{');
  write_words(out, "namespaces", namespace_types);
  out.key("capabilities").texts(facts.capabilities);
  write_cgroup(out, facts);
  write_seccomp(out, facts);
  write_enabled(out, "apparmor", facts.apparmor);
  write_enabled(out, "selinux", facts.selinux);
  out.key("mountExtensions").open('{');
  write_enabled(out, "idmap", true);
  out.close('}');
  write_memory_policy(out);
  write_enabled(out, "netDevices", true);
  write_intel_rdt(out);
  out.close('}');
}

/// Engines look for the two keys of other projects: which libseccomp, and whether checkpoints work.
void write_annotations(JsonWriter& out, const FeatureFacts& facts) {
  out.key("annotations").open('{');
  if (!facts.libseccomp_version.empty())
    out.key("io.github.seccomp.libseccomp.version").text(facts.libseccomp_version);
  if (!facts.commit.empty()) out.key("lodger.commit").text(facts.commit);
  out.key("lodger.version").text(facts.version);
  out.key("org.opencontainers.runc.checkpoint.enabled").text("false").close('}');
}

}  // namespace

std::string features_document(const FeatureFacts& facts) {
  JsonWriter out(4);
  out.open('{').key("ociVersionMin").text("1.0.0").key("ociVersionMax").text(oci_version);
  out.key("hooks").texts(hooks).key("mountOptions").texts(mount_option_names());
  write_linux(out, facts);
  write_annotations(out, facts);
  out.key("potentiallyUnsafeConfigAnnotations").texts(facts.unsafe_annotations).close('}');
  return out.str() + '\n';
}

}  // namespace lodger::spec
