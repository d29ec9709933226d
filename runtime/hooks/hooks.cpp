#include "runtime/hooks/hooks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "runtime/hooks/child.hpp"

namespace lodger::hooks {
namespace {

/// What went wrong, or nothing for a hook that did its work in time.
std::string verdict(const End& end, std::optional<int> seconds) {
  if (end.interrupted) return "interrupted by a signal to the runtime";
  if (!end.ended) return fmt::format("timed out after {} s", *seconds);
  const int status = end.ended->status;
  if (end.ended->code != CLD_EXITED) return killed_by(status);
  return status == 0 ? "" : fmt::format("exited with status {}", status);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

Outcome<> run_one(std::string_view kind, std::size_t index, const spec::Hook& hook, std::string_view state,
                  int interrupt = -1) {
  const auto doing = [&] { return name(kind, index, hook.path); };
  const auto child = start(hook, state);
  if (!child) return std::unexpected(explain(doing(), child.error()));
  const auto end = finish(*child, hook.timeout, interrupt);
  if (!end) return std::unexpected(explain(doing(), end.error()));
  const std::string what = verdict(*end, hook.timeout);
  if (what.empty()) return {};
  const auto said = trimmed(end->tail);
  return refuse(fmt::format("{}: {}{}{}", doing(), what, said.empty() ? "" : ": ", said));
}

}  // namespace

std::string killed_by(int signal) {
  std::string text = fmt::format("killed by signal {}", signal);
  if (const char* words = ::sigdescr_np(signal)) text += fmt::format(" ({})", words);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string name(std::string_view kind, std::size_t index, std::string_view path) {
  return fmt::format("error running {} hook #{}: {}", kind, index, path);
}

Outcome<> run(std::string_view kind, const std::vector<spec::Hook>& hooks, const spec::State& state,
              int interrupt) {
  if (hooks.empty()) return {};
  const std::string text = spec::to_json(state);
  for (std::size_t i = 0; i < hooks.size(); ++i) TRY(run_one(kind, i, hooks[i], text, interrupt));
  return {};
}

void run_each(std::string_view kind, const std::vector<spec::Hook>& hooks, const spec::State& state,
              const std::function<void(const Failure&)>& failed) {
  if (hooks.empty()) return;
  const std::string text = spec::to_json(state);
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const auto done = run_one(kind, i, hooks[i], text);
    if (!done) failed(done.error());
  }
}

}  // namespace lodger::hooks
