// config.json as a whole, and the objects that come as documents of their own.
#include "spec/parse.hpp"

#include "spec/read_model.hpp"
#include "spec/version.hpp"

namespace lodger::spec {

static bool read(Value value, Root& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("path", out.path) && in.optional("readonly", out.readonly);
}

static bool read(Value value, Hook& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("path", out.path) && in.optional("args", out.args) &&
         in.optional("env", out.env) && in.optional("timeout", out.timeout);
}

static bool read(Value value, Hooks& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("prestart", out.prestart) && in.optional("createRuntime", out.create_runtime) &&
         in.optional("createContainer", out.create_container) &&
         in.optional("startContainer", out.start_container) && in.optional("poststart", out.poststart) &&
         in.optional("poststop", out.poststop);
}

/// Before 1.3 the limit could not be left out, so 0 was what callers wrote for "none"; podman still does.
/// Only since then it is the kernel's 0, with which nothing can fork (config-linux.md, "PIDs").
static void forget_zero_of_old(Config& config) {
  if (!config.linux || !config.linux->resources || !config.linux->resources->pids) return;
  auto& limit = config.linux->resources->pids->limit;
  if (limit == 0 && older_than_1(config.oci_version, 3)) limit.reset();
}

static bool read(Value value, Config& out, const Where& where) {
  const Object in(value, where);
  if (!in || !in.required("ociVersion", out.oci_version)) return false;
  for (const char* platform : {"freebsd", "solaris", "vm", "windows", "zos"})
    if (in.has(platform)) out.other_platforms.emplace_back(platform);
  const bool good = in.optional("root", out.root) && in.optional("process", out.process) &&
                    in.optional("mounts", out.mounts) && in.optional("hostname", out.hostname) &&
                    in.optional("domainname", out.domainname) && in.optional("hooks", out.hooks) &&
                    in.optional("annotations", out.annotations) && in.optional("linux", out.linux);
  // Optional (config.md): a container without it has the runtime's namespaces, all of them.
  if (good && !out.linux && out.other_platforms.empty()) out.linux.emplace();
  if (good) forget_zero_of_old(out);
  return good;
}

namespace {

template <class T>
Outcome<T> parsed(std::string_view text, std::string_view document, std::string_view prefix,
                  std::vector<std::string>* remarks) {
  const Document tree = TRY(Document::parse(text, document));
  T out;
  Told told;
  if (!read(tree.root(), out, Where(told, document, prefix))) return std::unexpected(std::move(told.failure));
  if (remarks) *remarks = std::move(told.remarks);
  return out;
}

}  // namespace

Outcome<Config> parse(std::string_view text, std::vector<std::string>* remarks) {
  return parsed<Config>(text, "config.json", "", remarks);
}
Outcome<Process> parse_process(std::string_view text, std::vector<std::string>* remarks) {
  return parsed<Process>(text, "process", "process", remarks);
}
Outcome<Resources> parse_resources(std::string_view text, std::vector<std::string>* remarks) {
  return parsed<Resources>(text, "resources", "linux.resources", remarks);
}

}  // namespace lodger::spec
