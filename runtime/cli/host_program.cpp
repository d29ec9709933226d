#include "runtime/cli/host_program.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "kernel/file.hpp"
#include "runtime/hooks/child.hpp"
#include "spec/text.hpp"

namespace lodger::cli {
namespace {

constexpr std::string_view usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The first of that name along $PATH that may be executed. The program is the host's and runs as the caller:
/// nothing of a container is on this way.
Outcome<std::string> find_program(std::string_view name) {
  const char* set = std::getenv("PATH");
  std::string_view path = set ? std::string_view(set) : usual_path;
  while (!path.empty()) {
    const auto folder = spec::cut(path, ':');
    auto file = fmt::format("{}/{}", folder, name);
    if (!folder.empty() && kernel::faccessat(kernel::cwd, file.c_str(), X_OK)) return file;
  }
  return refuse(fmt::format("{}: executable file not found in $PATH of the host", name), ENOENT);
}

/// A hook is what hooks::start() knows how to start: a program, its words and its environment.
Outcome<spec::Hook> program(std::string_view name, std::span<const std::string_view> words) {
  spec::Hook program;
  program.path = TRY(find_program(name));
  program.args = {std::string(name)};
  program.args.insert(program.args.end(), words.begin(), words.end());
  auto& env = program.env.emplace();
  for (char** variable = environ; variable && *variable; ++variable) env.emplace_back(*variable);
  return program;
}

kernel::Result<std::string> read_all(const kernel::Fd<kernel::File>& file) {
  std::string text;
  char part[4096];
  while (const std::size_t n = TRY(kernel::read(file.get(), part))) text.append(part, n);
  return text;
}

}  // namespace

Outcome<std::string> output_of(std::string_view name, std::span<const std::string_view> words) {
  const auto wanted = TRY(program(name, words));
  const auto child = TRY(explained(hooks::start(wanted, ""), wanted.path));
  auto text = TRY(explained(read_all(child.output), fmt::format("reading from {}", wanted.path)));
  const auto ended = TRY(explained(kernel::wait(child.process), wanted.path));
  if (ended.shell_status() == 0) return text;
  return refuse(fmt::format("{}: exit status {}: {}", name, ended.shell_status(), text));
}

}  // namespace lodger::cli
