#include "caller.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "../support/census.hpp"
#include "tests/support/files.hpp"

namespace lodger::test {

Place::Place() {
  char name[] = "/tmp/lodger-shim-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  folder_ = name;
}

Place::~Place() { support::remove_tree(folder_); }

std::string Place::fifo(const std::string& name) const {
  REQUIRE(::mkfifo(path(name).c_str(), 0700) == 0);
  return path(name);
}

std::string Place::unread_fifo(const std::string& name) const {
  auto made = fifo(name);
  clients_.emplace_back(::open(made.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(clients_.back());
  return made;
}

wire::RuncOptions options_of(const Place& place) {
  wire::RuncOptions options;
  options.root = place.path("root");
  return options;
}

wire::Any any_of(const wire::RuncOptions& options) {
  return {"containerd.runc.v1.Options", wire::encode(options)};
}

Finished call_shim(const Bundle& bundle, const Place& place, const std::string& id, const std::string& action,
                   const std::string& input, std::vector<std::string> wrapper) {
  static const auto program = built_program("LODGER_SHIM", "../../runtime/shim/containerd-shim-lodger-v2");
  for (const auto& word : {program, std::string("-namespace"), std::string("test"), std::string("-address"),
                           place.path("c.sock"), std::string("-publish-binary"), std::string("/none"),
                           std::string("-id"), id, std::string("-bundle"), bundle.path(), action})
    wrapper.push_back(word);
  return run_command(wrapper, {.input = input,
                               .folder = bundle.path(),
                               .env = {"TTRPC_ADDRESS=" + place.path("c.sock.ttrpc"), "MAX_SHIM_VERSION=2"}});
}

Finished start_shim(const Bundle& bundle, const Place& place, const std::string& id,
                    const wire::RuncOptions& options, const std::vector<std::string>& wrapper) {
  // The sockets of all shims of the machine are in one folder; these tests have theirs to themselves.
  wire::BootstrapParams params;
  params.instance_id = id;
  params.name_space = "test";
  params.ttrpc_address = place.path("c.sock.ttrpc");
  params.grpc_address = place.path("c.sock");
  params.socket_dir = place.path("s");
  params.extensions.push_back({any_of(options)});
  return call_shim(bundle, place, id, "start", wire::encode(params), wrapper);
}

std::vector<std::string> shell(const std::string& line) { return {"/bin/sh", "-c", line}; }

void in_pod(nlohmann::json& config) { config["annotations"]["io.kubernetes.cri.sandbox-id"] = "pod"; }

nlohmann::json waiting_hook(const std::string& go, const std::string& line) {
  return {{"path", "/bin/sh"},
          {"args", {"sh", "-c", "while [ ! -e " + go + " ]; do sleep 0.05; done; " + line}}};
}

namespace {

/// The inode of a socket that listens, by its path: proc_pid_net(5), "net/unix".
std::string listening_inode(const std::string& path) {
  constexpr unsigned long accepts = 0x10000;  // __SO_ACCEPTCON
  std::istringstream table(support::read_file("/proc/net/unix"));
  std::string line, number, references, protocol, flags, type, state, inode, name;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    fields >> number >> references >> protocol >> flags >> type >> state >> inode >> name;
    if (name == path && (std::stoul(flags, nullptr, 16) & accepts) != 0) return inode;
  }
  return "";
}

/// Whose socket it is; 0: nobody's.
pid_t listener_at(const std::string& path) {
  const auto socket = "socket:[" + listening_inode(path) + "]";
  for (const auto& pid : support::names_in("/proc")) {
    const auto folder = "/proc/" + pid + "/fd";
    std::error_code failed;
    for (const auto& fd : std::filesystem::directory_iterator(folder, failed))
      if (std::filesystem::read_symlink(fd.path(), failed) == socket) return std::stoi(pid);
  }
  return 0;
}

}  // namespace

Shim::Shim(const Bundle& bundle, const Place& place, const std::string& id)
    : Shim(bundle, place, id, options_of(place)) {}

Shim::Shim(const Bundle& bundle, const Place& place, const std::string& id, const wire::RuncOptions& options)
    : bundle_(bundle), place_(place), id_(id) {
  const auto started = start_shim(bundle, place, id, options);
  INFO(started.summary());
  REQUIRE(started.succeeded());
  const auto answer = wire::decode<wire::BootstrapResult>(started.out);
  REQUIRE(answer);
  REQUIRE(answer->address.starts_with("unix://"));
  CHECK(answer->version == 3);
  CHECK(answer->protocol == "ttrpc");
  socket_ = answer->address.substr(7);
  reconnect();
  pid_ = listener_at(socket_);
  REQUIRE(pid_ > 0);
  // It has taken the connection: tests count what it calls from here on.
  REQUIRE(state().error().code == wire::Code::not_found);
}

Shim::~Shim() {
  if (pid_ == 0) return;
  if (!is_gone(pid_)) {
    if (!connection_) reconnect();
    if (const auto now = state(); now && now->status != wire::TaskStatus::stopped && kill(SIGKILL))
      (void)wait();
    (void)remove();
    shut_down();
    if (!support::eventually([&] { return is_gone(pid_); }, std::chrono::seconds(5))) {
      ::kill(pid_, SIGKILL);
      FAIL_CHECK("the shim has not ended after Shutdown");
    }
  }
  CHECK(traces_of(bundle_.name()).empty());
  clear_away(bundle_.name());
}

void Shim::reconnect() {
  connection_ = *kernel::unix_socket(SOCK_STREAM);
  REQUIRE(kernel::connect(connection_, *kernel::unix_address(socket_.c_str())));
  frames_ = {};
  early_.clear();
  next_stream_ = 1;
}

void Shim::disconnect() { connection_ = {}; }

std::string Shim::state_root() const { return place_.path("root") + "/test"; }

std::uint32_t Shim::send(const char* method, const std::string& payload, const char* service) {
  const auto stream = std::exchange(next_stream_, next_stream_ + 2);
  REQUIRE(try_send(stream, method, payload, service));
  return stream;
}

kernel::Result<> Shim::try_send(std::uint32_t stream, const char* method, const std::string& payload,
                                const char* service) {
  const wire::Request request{service, method, payload, 0, {}};
  return kernel::send_stream(connection_.get(),
                             wire::frame(stream, wire::FrameHeader::Type::request, wire::encode(request)));
}

/// False: the connection has ended.
bool Shim::take_more() {
  constexpr int patience = 20'000;
  pollfd waited{connection_.get(), POLLIN, 0};
  REQUIRE(::poll(&waited, 1, patience) == 1);
  char bytes[4096];
  const auto got = kernel::read(connection_.get(), bytes);
  if (!got || *got == 0) return false;
  frames_.add({bytes, *got});
  while (const auto frame = frames_.next())
    early_[frame->header.stream] = *wire::decode<wire::Response>(frame->message);
  return true;
}

wire::Response Shim::response_to(std::uint32_t stream) {
  INFO("waiting for the answer to call " << stream);
  while (!early_.contains(stream)) REQUIRE(take_more());
  return early_.extract(stream).mapped();
}

bool Shim::answers(const char* method, const std::string& payload) {
  const auto stream = std::exchange(next_stream_, next_stream_ + 2);
  if (!try_send(stream, method, payload)) return false;
  while (!early_.contains(stream))
    if (!take_more()) return false;
  return true;
}

void Shim::shut_down() {
  wire::ShutdownRequest request;
  request.id = id_;
  (void)send("Shutdown", wire::encode(request));
}

void Shim::await_end(std::chrono::seconds patience) const {
  CHECK(support::eventually([&] { return is_gone(pid_); }, patience));
}

wire::DeleteResponse Shim::delete_by_call() const {
  const auto removed = call_shim(bundle_, place_, id_, "delete");
  INFO(removed.summary());
  REQUIRE(removed.succeeded());
  return *wire::decode<wire::DeleteResponse>(removed.out);
}

namespace {

wire::ProcessRequest process(const std::string& id, const std::string& exec_id) {
  wire::ProcessRequest request;
  request.id = id;
  request.exec_id = exec_id;
  return request;
}

}  // namespace

wire::CreateRequest Shim::create_request(const std::string& out) const {
  wire::CreateRequest request;
  request.id = id_;
  request.bundle = bundle_.path();
  request.standard_out = out;
  request.options = any_of(options_of(place_));
  return request;
}

Shim::Answer<wire::PidResponse> Shim::create(const std::string& out) {
  return call<wire::PidResponse>("Create", create_request(out));
}
Shim::Answer<wire::PidResponse> Shim::start(const std::string& exec_id) {
  return call<wire::PidResponse>("Start", process(id_, exec_id));
}
void Shim::run() {
  REQUIRE(create());
  REQUIRE(start());
}
Shim::Answer<wire::WaitResponse> Shim::wait(const std::string& exec_id) {
  return call<wire::WaitResponse>("Wait", process(id_, exec_id));
}
Shim::Answer<wire::DeleteResponse> Shim::remove(const std::string& exec_id) {
  return call<wire::DeleteResponse>("Delete", process(id_, exec_id));
}
Shim::Answer<wire::StateResponse> Shim::state(const std::string& exec_id) {
  return call<wire::StateResponse>("State", process(id_, exec_id));
}
Shim::Answer<wire::Empty> Shim::kill(int signal, const std::string& exec_id) {
  wire::KillRequest request;
  request.id = id_;
  request.exec_id = exec_id;
  request.signal = static_cast<std::uint32_t>(signal);
  return call<wire::Empty>("Kill", request);
}

Shim::Answer<wire::Empty> Shim::exec(const std::string& exec_id, const std::vector<std::string>& args,
                                     const std::string& out, const std::string& in, bool terminal) {
  wire::ExecRequest request;
  request.id = id_;
  request.exec_id = exec_id;
  request.terminal = terminal;
  request.standard_in = in;
  request.standard_out = out;
  const nlohmann::json process = {{"args", args},
                                  {"cwd", "/"},
                                  {"env", {"PATH=/bin"}},
                                  {"terminal", terminal},
                                  {"user", {{"uid", 0}, {"gid", 0}}}};
  request.spec = wire::Any{"types.containerd.io/opencontainers/runtime-spec/1/Process", process.dump()};
  return call<wire::Empty>("Exec", request);
}

Reader::Reader(const std::string& fifo) : fd_(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  REQUIRE(fd_ >= 0);
  REQUIRE(::pipe2(stop_, O_CLOEXEC) == 0);
  thread_ = std::thread([this] {
    bool began = false;  // before the first writer comes a FIFO is at its end: fifo(7)
    for (;;) {
      pollfd waited[] = {{fd_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      ::poll(waited, 2, began ? -1 : 10);
      if (waited[1].revents != 0) return;
      char bytes[4096];
      const auto size = ::read(fd_, bytes, sizeof bytes);
      const std::lock_guard lock(mutex_);
      if (size > 0) text_.append(bytes, static_cast<std::size_t>(size));
      began |= size > 0 || (size < 0 && errno == EAGAIN);
      ended_ = began && size == 0;
      if (ended_) return;
    }
  });
}

Reader::~Reader() {
  ::close(stop_[1]);
  thread_.join();
  ::close(stop_[0]);
  ::close(fd_);
}

std::string Reader::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string Reader::all() {
  INFO("waiting for the end of a FIFO; so far: " << text());
  REQUIRE(support::eventually([&] {
    const std::lock_guard lock(mutex_);
    return ended_;
  }));
  return text();
}

}  // namespace lodger::test
