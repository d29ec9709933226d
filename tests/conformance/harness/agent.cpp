#include "agent.hpp"

namespace conformance {
namespace {

constexpr std::chrono::seconds limit(2);

}  // namespace

support::Delivery SeccompAgent::take() {
  const auto connection = socket_.connection(limit);
  if (!connection) return {};
  auto delivery = support::take_delivery(connection.get(), limit);
  if (!delivery.descriptors.empty()) filter_ = std::move(delivery.descriptors.back());
  return delivery;
}

int SeccompAgent::answer(int error) {
  if (!filter_ || !support::readable(filter_.get(), limit)) return -1;
  const auto fails = [&](const seccomp_notif&) { return support::Answer{.error = error}; };
  return support::answer_call(filter_.get(), fails).value_or(-1);
}

}  // namespace conformance
