#include "kernel/helper.hpp"

#include <fmt/core.h>

#include <charconv>

#include "kernel/file.hpp"
#include "kernel/links.hpp"
#include "kernel/pieces.hpp"

namespace lodger::kernel {
namespace {

// Longer than all that a program waits for in one question: it knows better what did not come.
constexpr long patience_ms = 180'000;

/// The folder of the running program; "" where procfs does not tell.
std::string own_folder() {
  const auto path = read_link(cwd, "/proc/self/exe").value_or("");
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}

/// `place`, from `folder` where it is relative; "" where there is no such folder.
std::string seen_from(std::string folder, std::string_view place) {
  if (place.starts_with('/')) return std::string(place);
  constexpr std::string_view up = "../";
  for (; place.starts_with(up); place.remove_prefix(up.size())) {
    const auto slash = folder.rfind('/');
    if (slash == folder.npos) return "";
    folder.resize(slash);
  }
  return fmt::format("{}/{}", folder, place);
}

int number(std::string_view text) {
  int code = 0;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

}  // namespace

Outcome<std::string> find_helper(std::string_view program, std::string_view installed, std::string_view need,
                                 std::string_view help) {
  std::string tried;
  const auto own = own_folder();
  for (const auto& folder : {own, seen_from(own, installed)}) {
    if (folder.empty()) continue;
    auto path = fmt::format("{}/{}", folder, program);
    if (faccessat(cwd, path.c_str(), X_OK)) return path;
    (tried += tried.empty() ? "" : ", ") += path;
  }
  return refuse(fmt::format("{} the program {}, which is not there ({}): {}", need, program, tried, help),
                ENOENT);
}

Outcome<Helper> Helper::open(const std::string& path, const char* argument,
                             const std::vector<std::string>& environment, int interrupt) {
  Helper helper;
  helper.name_ = path.substr(path.rfind('/') + 1);
  helper.interrupt_ = interrupt;
  const auto doing = fmt::format("starting {}", helper.name_);
  auto pair = TRY(explained(socket_pair(SOCK_SEQPACKET), doing));
  helper.errors_ = TRY(explained(memfd(helper.name_.c_str(), 0), doing));
  std::vector<const char*> envp;
  for (const auto& variable : environment) envp.push_back(variable.c_str());
  envp.push_back(nullptr);
  const char* const argv[] = {helper.name_.c_str(), argument, nullptr};
  const int errors = helper.errors_.get();
  auto started =
      TRY(explained(spawn({path.c_str(), argv, envp.data(), pair.theirs.get(), errors, errors, true}), path));
  helper.process_ = std::move(started.process);
  helper.socket_ = std::move(pair.ours);
  return helper;
}

Helper& Helper::operator=(Helper&& other) noexcept {
  Helper taken(std::move(other));
  std::swap(name_, taken.name_);
  std::swap(socket_, taken.socket_);
  std::swap(errors_, taken.errors_);
  std::swap(process_, taken.process_);
  std::swap(interrupt_, taken.interrupt_);
  std::swap(ready_, taken.ready_);
  return *this;
}

Helper::~Helper() {
  if (!process_) return;
  (void)send_signal(process_, SIGKILL);  // idle, or not worth waiting for
  (void)wait(process_);
}

Failure Helper::silence(std::string_view doing) {
  char text[512];
  (void)rewind(errors_.get());
  const auto size = read(errors_.get(), text);
  const std::string_view words(text, size.value_or(0));
  const auto line = words.substr(0, words.find('\n'));
  return {fmt::format("{}: {} ended without an answer{}{}", doing, name_, line.empty() ? "" : ": ", line),
          EPIPE};
}

Outcome<> Helper::await(short events, std::string_view doing) {
  pollfd waited[] = {{socket_.get(), events, 0}, {interrupt_, POLLIN, 0}};
  const int ready = TRY(explained(poll(waited, patience_ms), doing));
  if (waited[1].revents) return refuse(fmt::format("{}: interrupted by a signal", doing), EINTR);
  if (ready == 0)
    return refuse(fmt::format("{}: no answer from {} within {} s", doing, name_, patience_ms / 1000),
                  ETIMEDOUT);
  return {};
}

/// The first datagram finds room: the program has nothing to read but that.
Outcome<> Helper::put(std::string_view text, std::string_view doing) {
  for (bool first = true; !text.empty(); first = false) {
    if (!first) TRY(await(POLLOUT, doing));
    const auto sent = send(socket_.get(), next_piece(text));
    if (!sent && (sent.error().code == EPIPE || sent.error().code == ECONNRESET))
      return std::unexpected(silence(doing));
    TRY(explained(sent, doing));
  }
  return {};
}

Outcome<std::string> Helper::hear(std::string_view doing) {
  Pieces all;
  std::string piece(longest_message, '\0');
  for (;;) {
    TRY(await(POLLIN, doing));
    const auto got = receive(socket_.get(), piece);
    if (!got || got->size == 0) return std::unexpected(silence(doing));
    const auto last = all.add(std::string_view(piece).substr(0, got->size));
    if (!last) return refuse(fmt::format("{}: {} spoke nonsense", doing, name_), last.error().code);
    if (*last) return all.text();
  }
}

Outcome<Words> Helper::answer(std::string_view doing) {
  auto words = unpacked(TRY(hear(doing)));
  const bool nonsense = !words || words->empty() || (words->front() == answer_failed && words->size() != 3) ||
                        (words->front() != answer_failed && words->front() != answer_done);
  if (nonsense) return refuse(fmt::format("{}: {} spoke nonsense", doing, name_), EPROTO);
  return std::move(*words);
}

Outcome<> Helper::ready(std::string_view doing) {
  if (ready_) return {};
  const auto words = TRY(answer(doing));
  if (words.front() == answer_failed) return refuse(words[1], number(words[2]));
  ready_ = true;
  return {};
}

Outcome<Words> Helper::ask(std::string_view doing, const Words& question) {
  TRY(ready(doing));
  const auto message = packed(question);
  if (message.size() > longest_text)
    return refuse(fmt::format("{}: what is to be said comes to {} bytes, and more than {} do not go", doing,
                              message.size(), longest_text),
                  EMSGSIZE);
  TRY(put(message, doing));
  auto said = TRY(answer(doing));
  if (said.front() == answer_failed) return refuse(fmt::format("{}: {}", doing, said[1]), number(said[2]));
  said.erase(said.begin());
  return said;
}

bool say(const Outcome<Words>& answer) {
  Words words{answer_done};
  if (answer)
    words.insert(words.end(), answer->begin(), answer->end());
  else
    words = {answer_failed, answer.error().text, std::to_string(answer.error().code)};
  const auto message = packed(words);
  for (std::string_view rest = message; !rest.empty();)
    if (!send(helper_socket, next_piece(rest))) return false;
  return true;
}

std::optional<Words> next_question() {
  Pieces all;
  std::string piece(longest_message, '\0');
  for (;;) {
    const auto got = receive(helper_socket, piece);
    if (!got || got->size == 0) return std::nullopt;
    const auto last = all.add(std::string_view(piece).substr(0, got->size));
    if (!last) return Words{};
    if (*last) return unpacked(all.text()).value_or(Words{});
  }
}

}  // namespace lodger::kernel
