// A shim that the kernel refuses something.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <sstream>

#include "../support/census.hpp"
#include "../support/needs.hpp"
#include "../support/tracer.hpp"
#include "caller.hpp"
#include "tests/support/files.hpp"

using namespace lodger::test;
namespace kernel = lodger::kernel;
using wire::Code;

namespace {

/// While it lives, the shim's next `count` descriptors cannot be watched, for want of memory.
class Unwatched {
 public:
  Unwatched(pid_t shim, int count) {
    std::promise<void> begun;
    thread_ = std::thread([&begun, shim, count] {
      Tracer tracer(shim);
      begun.set_value();
      tracer.refuse([left = count](long number, const long(&arguments)[6]) mutable {
        return number == SYS_epoll_ctl && arguments[1] == EPOLL_CTL_ADD && left-- > 0 ? ENOMEM : 0;
      });
    });
    begun.get_future().wait();
  }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
  /// Ends with the shim.
  ~Unwatched() { thread_.join(); }

 private:
  std::thread thread_;
};

#if defined(__x86_64__)
constexpr bool refuses = true;
#else
constexpr bool refuses = false;
#endif

void with_terminal(nlohmann::json& config) { config["process"]["terminal"] = true; }

/// Time on a processor, in ticks: proc(5).
long ticks_of(pid_t pid) {
  const auto text = support::read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return user + system;
}

}  // namespace

TEST_CASE("shim shortage: a container whose terminal cannot be served is not made") {
  NEEDS_ROOT();
  NEEDS(refuses && Tracer::allowed(), "no tracing here");
  const Bundle bundle(words("/bin/sleep 1000"), with_terminal);
  const Place place;
  Shim shim(bundle, place);
  auto request = shim.create_request(place.unread_fifo("out"));
  request.terminal = true;
  const Unwatched unwatched(shim.pid(), 1);
  const auto created = shim.call<wire::PidResponse>("Create", request);
  REQUIRE(!created);
  CHECK_THAT(created.error().message,
             Catch::Contains("OCI runtime create failed") && Catch::Contains("Cannot allocate memory"));
  CHECK(shim.state().error().code == Code::not_found);
  CHECK(traces_of(bundle.name()).empty());
  CHECK(support::names_in(shim.state_root()).empty());
  shim.shut_down();
  shim.await_end();
}

TEST_CASE("shim shortage: a further process whose terminal cannot be served is ended") {
  NEEDS_ROOT();
  NEEDS(refuses && Tracer::allowed(), "no tracing here");
  const Bundle bundle(words("/bin/sleep 1000"));
  const Place place;
  Shim shim(bundle, place);
  shim.run();
  REQUIRE(shim.exec("e1", words("/bin/sleep 1000"), place.unread_fifo("out"), "", true));
  const Unwatched unwatched(shim.pid(), 1);
  const auto started = shim.start("e1");
  REQUIRE(!started);
  CHECK_THAT(started.error().message,
             Catch::Contains("OCI runtime exec failed") && Catch::Contains("Cannot allocate memory"));
  CHECK(shim.wait("e1")->exit_status == 128 + SIGKILL);
  CHECK(shim.remove("e1"));
  CHECK(shim.state()->status == wire::TaskStatus::running);
  CHECK(shim.kill(SIGKILL));
  CHECK(shim.wait());
  CHECK(shim.remove());
  shim.shut_down();
  shim.await_end();
}

TEST_CASE("shim shortage: an end is not missed where the process cannot be watched at once") {
  NEEDS_ROOT();
  NEEDS(refuses && Tracer::allowed(), "no tracing here");
  const Bundle bundle(shell("exit 3"));
  const Place place;
  Shim shim(bundle, place);
  const Unwatched unwatched(shim.pid(), 2);  // the notice of want of memory, and the process
  REQUIRE(shim.create());
  REQUIRE(shim.start());
  CHECK(shim.wait()->exit_status == 3);
  CHECK(shim.remove());
  shim.shut_down();
  shim.await_end();
}

TEST_CASE("shim shortage: without a descriptor for who connects it waits for one, and does not spin") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  rlimit before{};
  const auto in_use =
      support::names_in("/proc/" + std::to_string(shim.pid()) + "/fd").size();  // from 0 on, without gaps
  REQUIRE(::prlimit(shim.pid(), RLIMIT_NOFILE, nullptr, &before) == 0);
  const rlimit none{in_use, before.rlim_max};
  REQUIRE(::prlimit(shim.pid(), RLIMIT_NOFILE, &none, nullptr) == 0);
  shim.reconnect();
  usleep(100'000);
  const long begun = ticks_of(shim.pid());
  usleep(500'000);
  CHECK(ticks_of(shim.pid()) - begun < sysconf(_SC_CLK_TCK) / 10);
  REQUIRE(::prlimit(shim.pid(), RLIMIT_NOFILE, &before, nullptr) == 0);
  CHECK(shim.state().error().code == Code::not_found);
}

TEST_CASE("shim shortage: half a message keeps nobody waiting, and is forgotten with its sender") {
  NEEDS_ROOT();
  const Bundle bundle(words("/bin/true"));
  const Place place;
  Shim shim(bundle, place);
  const auto request = wire::frame(1, wire::FrameHeader::Type::request, std::string(100, 'x'));
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{9}, wire::FrameHeader::size, request.size() - 1}) {
    const auto other = *kernel::unix_socket(SOCK_STREAM);
    REQUIRE(kernel::connect(other, *kernel::unix_address(shim.socket().c_str())));
    REQUIRE(kernel::send_stream(other.get(), request.substr(0, size)));
    CHECK(shim.state().error().code == Code::not_found);
  }
  // a length that no message has, and nothing behind it
  const auto other = *kernel::unix_socket(SOCK_STREAM);
  REQUIRE(kernel::connect(other, *kernel::unix_address(shim.socket().c_str())));
  REQUIRE(kernel::send_stream(other.get(), std::string(64, '\xff')));
  CHECK(shim.state().error().code == Code::not_found);
}
