// usage: generate bash|zsh|fish > script
//        generate man COMMAND < template > page.scd      (COMMAND "lodger": the page of the program)
//        generate commands                               the names of the commands, one a line
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "docs/generator/generator.hpp"

namespace {

using namespace lodger;

std::string standard_input() {
  std::string text;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) text.append(buffer, n);
  return text;
}

std::string names(const generator::CommandLine& line) {
  std::string out;
  for (const auto& command : line.commands) out += fmt::format("{}\n", command.name);
  return out;
}

std::string generate(const std::string& what, const std::string& command) {
  const generator::CommandLine line{cli::describe_globals(), cli::describe_commands()};
  if (what == "bash") return generator::bash(line);
  if (what == "zsh") return generator::zsh(line);
  if (what == "fish") return generator::fish(line);
  if (what == "commands") return names(line);
  if (what == "man") return generator::man(line, command == "lodger" ? "" : command, standard_input());
  throw std::invalid_argument("wanted is bash, zsh, fish, man or commands");
}

}  // namespace

int main(int argc, char** argv) try {
  const auto text = generate(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "generate: {}\n", error.what());
  return 1;
}
