#include <fmt/core.h>
#include <unistd.h>

#include "cgroups/layout.hpp"
#include "kernel/file.hpp"
#include "runtime/cli/command.hpp"
#include "spec/defaults.hpp"

namespace lodger::cli {
namespace {

/// Makes the file, never replaces one.
Outcome<> write_new(const std::string& folder, std::string_view text) {
  constexpr const char* name = "config.json";
  const auto bundle = kernel::openat<kernel::Path>(kernel::cwd, folder.c_str(), O_PATH | O_DIRECTORY);
  if (!bundle) return std::unexpected(explain(fmt::format("opening the bundle {}", folder), bundle.error()));
  const auto file = kernel::openat(bundle->get(), name, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (!file && file.error().code == EEXIST)
    return refuse(fmt::format("File {} exists. Remove it first", name), EEXIST);
  if (!file) return std::unexpected(explain(fmt::format("making {}/{}", folder, name), file.error()));
  return explained(kernel::write_all(file->get(), text), fmt::format("writing {}/{}", folder, name));
}

bool only_cgroup_v2() {
  const auto layout = cgroups::detect();
  return layout && layout->kind == cgroups::Kind::v2;
}

}  // namespace

Outcome<int> write_spec(const Context& context, Words words) {
  std::string bundle = ".";
  bool rootless = false;
  const Flag flags[] = {
      {"bundle", 'b', "DIR", "folder to write to (default: the current one)", &bundle},
      {"rootless", 0, "", "for an ordinary user, who becomes root in it, on the host's network", &rootless}};
  const Usage usage{"spec", "",
                    "Writes config.json, the configuration of a shell in a container, to start from.", 0, 0};
  if (!TRY(arguments(context, words, usage, flags))) return 0;
  TRY(write_new(bundle, rootless ? spec::rootless_config(::geteuid(), ::getegid())
                                 : spec::default_config(only_cgroup_v2())));
  return 0;
}

}  // namespace lodger::cli
