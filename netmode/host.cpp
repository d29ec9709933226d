#include "netmode/host.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "kernel/file.hpp"
#include "kernel/links.hpp"
#include "kernel/namespace.hpp"
#include "spec/sysctl.hpp"
#include "spec/text.hpp"

namespace lodger::netmode {

namespace {

// A file's path without symlinks: systemd-resolved's /etc/resolv.conf leads into /run, and may be replaced by
// another link while the container runs. Nothing where there is no such file.
std::optional<std::string> resolved(const char* file) {
  const auto fd = kernel::openat<kernel::Path>(kernel::cwd, file, O_PATH);
  if (!fd) return std::nullopt;
  const auto status = kernel::status(fd->get());
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  return kernel::path_of(*fd).value_or(file);  // still the same file, by its link
}

void bind(spec::Config& config, const char* destination, const char* source) {
  if (brings_own(config, destination)) return;
  auto file = resolved(source);
  if (!file) return;
  config.mounts.push_back({.destination = destination,
                           .type = "bind",
                           .source = std::move(*file),
                           .options = {"bind", "ro", "nosuid", "nodev", "noexec"}});
}

// Parameters of several numbers are printed with tabs and written with blanks.
std::string words(std::string_view text) {
  constexpr std::string_view blanks = " \t\n";
  std::string out;
  for (;;) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return out;
    const auto end = std::min(text.find_first_of(blanks, begin), text.size());
    out.append(out.empty() ? "" : " ").append(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

// The parameter as its file has it, with single blanks and no line's end. ENOENT: there is none.
kernel::Result<std::string> host_value(const HostFiles& files, const std::string& path) {
  const auto root = TRY(kernel::openat<kernel::Path>(kernel::cwd, files.sysctls, O_PATH | O_DIRECTORY));
  const auto file =
      TRY(kernel::open_plain_below<kernel::File>(root.get(), path.c_str(), O_RDONLY | O_NONBLOCK));
  char text[256];
  return words(std::string_view(text, TRY(kernel::read(file.get(), text))));
}

std::string phrase(const kernel::Result<std::string>& value) {
  if (value) return fmt::format("\"{}\"", *value);
  return value.error().code == ENOENT ? "no such parameter" : "unreadable";
}

}  // namespace

bool brings_own(const spec::Config& config, std::string_view destination) {
  return std::ranges::any_of(config.mounts, [&](const spec::Mount& mount) {
    return spec::is_within(destination, mount.destination);
  });
}

void add_resolver_files(spec::Config& config, const HostFiles& files) {
  bind(config, "/etc/resolv.conf", files.resolv_conf);
  bind(config, "/etc/hosts", files.hosts);
}

Outcome<> add_name_resolution(spec::Config& config, const HostFiles& files) {
  add_resolver_files(config, files);
  const auto* uts = config.linux ? config.linux->find(spec::NamespaceType::uts) : nullptr;
  if (!config.hostname.empty() || !uts || !uts->path.empty()) return {};
  config.hostname = TRY(explained(kernel::uname(), "asking for the host's name")).nodename;
  return {};
}

Outcome<> settle_sysctls(spec::Config& config, const HostFiles& files) {
  if (!config.linux) return {};
  std::string offending;
  std::erase_if(config.linux->sysctl, [&](const auto& entry) {
    const auto& [key, value] = entry;
    const auto path = spec::sysctl_path(key);
    if (!path.starts_with("net/")) return false;
    const auto has = host_value(files, path);
    if (has && *has == words(value)) return true;
    offending +=
        fmt::format("{}{}=\"{}\" (the host: {})", offending.empty() ? "" : ", ", key, value, phrase(has));
    return false;
  });
  if (offending.empty()) return {};
  return refuse(
      fmt::format("linux.sysctl: not allowed with the host's network, whose settings they would change "
                  "for everyone on it: {}; set them on the host itself, or give the container a network "
                  "namespace of its own",
                  offending));
}

}  // namespace lodger::netmode
