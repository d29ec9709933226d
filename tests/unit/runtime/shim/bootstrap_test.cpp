#include "runtime/shim/bootstrap.hpp"

#include <catch2/catch.hpp>

using namespace lodger::shim;

namespace {

Invocation invocation() {
  Invocation out;
  out.name_space = "default";
  out.id = "c1";
  out.grpc_address = "/run/containerd/containerd.sock";
  out.ttrpc_address = "/run/containerd/containerd.sock.ttrpc";
  return out;
}

wire::BootstrapParams params() {
  wire::BootstrapParams out;
  out.instance_id = "c1";
  out.name_space = "default";
  return out;
}

}  // namespace

TEST_CASE("bootstrap: before containerd 2.3 stdin has the options or nothing, and the answer is an address") {
  const auto none = read_bootstrap("", invocation());
  REQUIRE(none);
  CHECK(!none->modern);
  CHECK(none->options.type_url.empty());
  CHECK(none->ttrpc_address == "/run/containerd/containerd.sock.ttrpc");
  CHECK(none->socket_folder == "/run/containerd/s");

  const wire::Any options{"containerd.runc.v1.Options", wire::encode(wire::RuncOptions{})};
  const auto old = read_bootstrap(wire::encode(options), invocation());
  REQUIRE(old);
  CHECK(!old->modern);
  CHECK(old->options.type_url == "containerd.runc.v1.Options");
  CHECK(bootstrap_answer(*old, "/run/containerd/s/1") == "unix:///run/containerd/s/1");
  CHECK(!read_bootstrap("\xff\xff", invocation()));
}

TEST_CASE("bootstrap: containerd 2.3 says all of it in one message, and is answered in one") {
  auto sent = params();
  sent.ttrpc_address = "/elsewhere.ttrpc";
  sent.socket_dir = "/run/x/s";
  sent.extensions.push_back({wire::Any{"some.Extension", "?"}});
  sent.extensions.push_back({wire::Any{"runtimeoptions.v1.Options", "o"}});
  const auto read = read_bootstrap(wire::encode(sent), invocation());
  REQUIRE(read);
  CHECK(read->modern);
  CHECK(read->options.value == "o");
  CHECK(read->ttrpc_address == "/elsewhere.ttrpc");
  CHECK(read->grpc_address == "/run/containerd/containerd.sock");
  CHECK(read->socket_folder == "/run/x/s");
  const auto answer = wire::decode<wire::BootstrapResult>(bootstrap_answer(*read, "/run/x/s/1"));
  REQUIRE(answer);
  CHECK(answer->version == 3);
  CHECK(answer->address == "unix:///run/x/s/1");
  CHECK(answer->protocol == "ttrpc");
}

TEST_CASE("bootstrap: what is for another container is no message of containerd 2.3") {
  auto sent = params();
  sent.instance_id = "c2";
  CHECK(!read_bootstrap(wire::encode(sent), invocation())->modern);
}

TEST_CASE("bootstrap: a pod's containers are one group") {
  CHECK(*group_of(R"({"annotations":{"io.kubernetes.cri.sandbox-id":"pod"}})", "c1") == "pod");
  CHECK(
      *group_of(R"({"annotations":{"io.kubernetes.cri.sandbox-id":"pod","io.containerd.runc.v2.group":"g"}})",
                "c1") == "g");
  CHECK(*group_of(R"({"annotations":{"io.kubernetes.cri.sandbox-id":""}})", "c1") == "c1");
  CHECK(*group_of("{}", "c1") == "c1");
}

TEST_CASE("bootstrap: a socket's name is of one length, and tells groups, namespaces and containerds apart") {
  const auto read = *read_bootstrap("", invocation());
  const auto path = socket_path(read, "default", "c1");
  // SHA-256 of "/run/containerd/containerd.sock/default/c1"
  CHECK(path == "/run/containerd/s/d25aa4ef11a84e954e74a5bcff06557d0b6ea8d0c00243896f29826694bbd888");
  CHECK(path != socket_path(read, "default", "c2"));
  CHECK(path != socket_path(read, "other", "c1"));
  CHECK(socket_path(read, "default", std::string(1000, 'x')).size() == path.size());
}
