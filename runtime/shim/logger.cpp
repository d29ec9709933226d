#include "runtime/shim/logger.hpp"

#include <fmt/core.h>

#include "spec/text.hpp"

namespace lodger::shim {
namespace {

constexpr std::string_view plain = "binary://", second = "binary-v2://";
constexpr long patience = 10'000;  // ms
// The program's own are 3 to 5, and what is placed there must not lie there.
constexpr int above = 6;

int hexadecimal(char digit) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto at = digits.find(static_cast<char>(digit | 0x20));
  return at == digits.npos ? -1 : static_cast<int>(at);
}

/// RFC 3986, "Percent-Encoding"; in a query "+" is a blank.
std::string decoded(std::string_view text, bool query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? hexadecimal(text[i + 1]) : -1;
    const int low = high >= 0 ? hexadecimal(text[i + 2]) : -1;
    if (text[i] == '%' && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Outcome<> await_ready(const kernel::Fd<kernel::File>& ready, const LoggerName& name, int interrupt) {
  const auto doing = fmt::format("waiting for the logging program {} to be ready", name.path);
  pollfd waited[] = {{ready.get(), POLLIN, 0}, {interrupt, POLLIN, 0}};
  const auto count = TRY(explained(kernel::poll(waited, patience), doing));
  if (waited[1].revents) return refuse(fmt::format("{}: interrupted", doing), EINTR);
  if (count == 0)
    return refuse(fmt::format("{}: it has not closed its descriptor 5 within {} s", doing, patience / 1000),
                  ETIMEDOUT);
  char byte;
  const auto got = TRY(explained(kernel::read(ready.get(), {&byte, 1}), doing));
  if (got == 0 && name.says_ready) return refuse(fmt::format("{}: it ended without a word", doing), ECHILD);
  return {};
}

}  // namespace

bool names_logger(std::string_view name) { return name.starts_with(plain) || name.starts_with(second); }

Outcome<LoggerName> parse_logger(std::string_view name) {
  LoggerName out;
  out.says_ready = name.starts_with(second);
  name.remove_prefix(out.says_ready ? second.size() : plain.size());
  auto query = name;
  out.path = decoded(spec::cut(query, '?'), false);
  if (!out.path.starts_with('/'))
    return refuse(fmt::format("logging program \"{}\": not an absolute path", out.path), EINVAL);
  while (!query.empty()) {
    auto value = spec::cut(query, '&');
    const auto key = spec::cut(value, '=');
    if (key.empty()) continue;
    out.arguments.push_back(decoded(key, true));
    out.arguments.push_back(decoded(value, true));
  }
  return out;
}

Outcome<BegunLogger> start_logger(std::string_view name, const LoggerCall& call) {
  const auto program = TRY(parse_logger(name));
  const auto doing = fmt::format("starting the logging program {}", program.path);
  auto out = TRY(explained(kernel::pipe(), doing));
  auto err = TRY(explained(kernel::pipe(), doing));
  auto ready = TRY(explained(kernel::pipe(), doing));
  const auto out_end = TRY(explained(kernel::duplicate(out.reader, above), doing));
  const auto err_end = TRY(explained(kernel::duplicate(err.reader, above), doing));
  auto ready_end = TRY(explained(kernel::duplicate(ready.writer, above), doing));
  const int numbers[] = {out_end.get(), err_end.get(), ready_end.get()};
  const auto null = TRY(explained(kernel::openat(kernel::cwd, "/dev/null", O_RDWR), doing));

  std::vector<const char*> arguments{program.path.c_str()};
  for (const auto& argument : program.arguments) arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);
  const auto id = "CONTAINER_ID=" + call.id, space = "CONTAINER_NAMESPACE=" + call.name_space;
  const char* environment[] = {id.c_str(), space.c_str(), nullptr};
  auto started = TRY(explained(kernel::spawn({.path = program.path.c_str(),
                                              .argv = arguments.data(),
                                              .envp = environment,
                                              .input = null.get(),
                                              .output = null.get(),
                                              .errors = null.get(),
                                              .further = numbers}),
                               doing));
  BegunLogger begun{Logger(std::move(started.process)), std::move(out.writer), std::move(err.writer)};
  // Ours of the writing end would hide that the program has closed its own.
  ready_end = {};
  ready.writer = {};
  TRY(await_ready(ready.reader, program, call.interrupt));
  return begun;
}

Logger::~Logger() {
  if (process_) (void)kernel::send_signal(process_, SIGKILL);  // ESRCH: it has ended
}

}  // namespace lodger::shim
