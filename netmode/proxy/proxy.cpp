#include "netmode/proxy/proxy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "kernel/file.hpp"
#include "kernel/helper.hpp"
#include "kernel/procfs.hpp"
#include "kernel/spawn.hpp"
#include "netmode/proxy/rows.hpp"

namespace lodger::netmode::proxy {
namespace {

constexpr const char* program = "lodger-proxy";
constexpr std::string_view starting = "starting lodger-proxy";
// It answers at once, unless the machine is very busy: 60,000 ports take a tenth of a second.
constexpr long grace_ms = 250;  // it ends by itself, behind what the container said last
constexpr long patience_ms = 60'000;

template <class Message>
std::span<char> bytes(Message& message) {
  return {reinterpret_cast<char*>(&message), sizeof message};
}

Failure silence() { return {fmt::format("{} ended without an answer", program), EPIPE}; }

Outcome<> say(int socket, std::span<const char> message, std::span<const int> fds = {}) {
  const auto sent = kernel::send(socket, message, fds);
  // Its answer may wait already, and says more than this.
  if (!sent && sent.error().code != EPIPE && sent.error().code != ECONNRESET)
    return std::unexpected(explain(fmt::format("speaking to {}", program), sent.error()));
  return {};
}

/// In messages of no more than Rows holds.
Outcome<> say_rows(int socket, std::span<const Row> rows) {
  const auto all = count_sockets(rows);
  const auto message = std::make_unique<Rows>();
  message->all_tcp = all.tcp;
  message->all_udp = all.udp;
  do {
    const auto part = rows.first(std::min<std::size_t>(rows.size(), rows_at_once));
    rows = rows.subspan(part.size());
    std::ranges::copy(part, message->rows);
    message->count = static_cast<std::uint32_t>(part.size());
    message->last = rows.empty();
    TRY(say(socket, bytes(*message).first(offsetof(Rows, rows) + part.size_bytes())));
  } while (!rows.empty());
  return {};
}

/// One that is of the size it says.
Outcome<std::unique_ptr<Answer>> hear(int socket) {
  auto answer = std::make_unique<Answer>();
  pollfd waited[] = {{socket, POLLIN, 0}};
  const int ready = TRY(explained(kernel::poll(waited, patience_ms), program));
  if (ready == 0)
    return refuse(fmt::format("no answer from {} within {} s", program, patience_ms / 1000), ETIMEDOUT);
  const auto got = kernel::receive(socket, bytes(*answer));
  if (!got || got->size == 0) return std::unexpected(silence());
  if (got->size < offsetof(Answer, ports) || answer->count > ports_at_once ||
      got->size != offsetof(Answer, ports) + answer->count * sizeof answer->ports[0])
    return refuse(fmt::format("{} spoke nonsense", program), EPROTO);
  answer->call[sizeof answer->call - 1] = '\0';
  return answer;
}

Failure explain_answer(const Answer& answer, std::span<const Publication> publications,
                       std::span<const Row> rows) {
  const kernel::Error error{answer.call, answer.code};
  const auto all = count_sockets(rows);
  switch (answer.said) {
    case Said::not_opened:
      if (answer.row < rows.size())
        return explain_opening(publications, rows, answer.row, answer.port, error);
      break;
    case Said::no_room:
      return {
          fmt::format("--publish: {} ports take a descriptor each in {}, and {} is the most that it may have "
                      "(RLIMIT_NOFILE; ulimit -Hn): raise that limit, or go without --userland-proxy",
                      all.tcp + all.udp, program, answer.port),
          EMFILE};
    case Said::not_confined: return explain(fmt::format("confining {}", program), error);
    case Said::not_serving: return explain(starting, error);
    default: break;
  }
  return {fmt::format("{} and lodger do not understand each other: are they of one build?", program), EPROTO};
}

kernel::Result<kernel::Started> spawn(const std::string& path, int input) {
  const char* const argv[] = {program, nullptr};
  const char* const envp[] = {nullptr};
  const auto nowhere = TRY(kernel::openat(kernel::cwd, "/dev/null", O_RDWR));
  return kernel::spawn({path.c_str(), argv, envp, input, nowhere.get(), nowhere.get()});
}

}  // namespace

Outcome<std::string> find_program() {
  return kernel::find_helper(program, LODGER_LIBEXEC, "--userland-proxy needs",
                             "install it beside lodger, or go without --userland-proxy");
}

Outcome<Proxy> Proxy::open(std::span<const Publication> publications, std::string path) {
  const auto rows = TRY(rows_of(publications));
  const auto all = count_sockets(rows);
  if (all.tcp + all.udp > most_doors)
    return refuse(fmt::format("--publish: {} ports are more than {} can hold: {}", all.tcp + all.udp, program,
                              most_doors),
                  E2BIG);
  if (path.empty()) path = TRY(find_program());
  auto pair = TRY(explained(kernel::socket_pair(SOCK_SEQPACKET), starting));
  Proxy proxy;
  auto started = TRY(explained(spawn(path, pair.theirs.get()), path));
  proxy.process_ = std::move(started.process);
  proxy.socket_ = std::move(pair.ours);
  pair.theirs = {};  // or its end would never be seen
  const auto stat = TRY(explained(kernel::process_stat(started.pid), starting));
  proxy.record_ = {started.pid, stat.start_time};
  TRY(say_rows(proxy.socket_.get(), rows));
  TRY(proxy.await_ports(publications, rows));
  return proxy;
}

/// An answer that is full has another behind it.
Outcome<> Proxy::await_ports(std::span<const Publication> publications, std::span<const Row> rows) {
  std::vector<std::uint16_t> chosen;
  for (bool full = true; full;) {
    const auto answer = TRY(hear(socket_.get()));
    if (answer->said != Said::opened) return std::unexpected(explain_answer(*answer, publications, rows));
    chosen.insert(chosen.end(), answer->ports, answer->ports + answer->count);
    full = answer->count == ports_at_once;
  }
  std::size_t choices = 0;
  for (const Row& row : rows) choices += leaves_choice(row) ? length(row.container) : 0;
  if (choices != chosen.size()) return refuse(fmt::format("{} spoke nonsense", program), EPROTO);
  publications_ = decided(publications, rows, chosen);
  return {};
}

Outcome<> Proxy::serve(const Target& target, const kernel::Fd<kernel::Process>& container,
                       std::uint32_t udp_idle_ms) {
  if (!target.v4 && !target.v6)
    return refuse("the container has no address to which ports could lead", EINVAL);
  Serve message;
  message.target = target;
  message.idle_ms = udp_idle_ms;
  const int fds[] = {container.get()};
  TRY(say(socket_.get(), bytes(message), fds));
  const auto answer = TRY(hear(socket_.get()));
  if (answer->said != Said::serving) return std::unexpected(explain_answer(*answer, {}, {}));
  return {};
}

Outcome<> Proxy::commit() {
  Keep message;
  if (!kernel::send(socket_.get(), bytes(message))) return std::unexpected(silence());
  process_ = {};
  return {};
}

Proxy& Proxy::operator=(Proxy&& other) noexcept {
  Proxy taken(std::move(other));
  std::swap(socket_, taken.socket_);
  std::swap(process_, taken.process_);
  std::swap(record_, taken.record_);
  std::swap(publications_, taken.publications_);
  return *this;
}

Proxy::~Proxy() {
  if (!process_) return;
  (void)kernel::send_signal(process_, SIGKILL);
  (void)kernel::wait(process_);
}

Outcome<> end(const Companion& record) { return netmode::end(record, program, grace_ms); }

}  // namespace lodger::netmode::proxy
