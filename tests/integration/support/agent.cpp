#include "agent.hpp"

#include <poll.h>

#include "command.hpp"

namespace lodger::test {

Agent::Agent(const std::string& path, Judge judge)
    : socket_(path), judge_(std::move(judge)), thread_([this] { serve(); }) {}

Agent::~Agent() {
  ending_ = true;
  thread_.join();
}

std::vector<std::string> Agent::documents(std::size_t count) const {
  const auto now = [this] {
    const std::lock_guard lock(mutex_);
    return documents_;
  };
  (void)eventually([&] { return now().size() >= count; });
  return now();
}
std::vector<std::size_t> Agent::descriptors() const {
  const std::lock_guard lock(mutex_);
  return descriptors_;
}
std::vector<int> Agent::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void Agent::serve() {
  while (!ending_) {
    std::vector<pollfd> set{{socket_.fd(), POLLIN, 0}};
    for (const auto& listener : listeners_) set.push_back({listener.get(), POLLIN, 0});
    if (poll(set.data(), set.size(), 10) <= 0) continue;
    for (const auto& entry : set) {
      if (entry.revents & POLLIN) entry.fd == socket_.fd() ? take() : answer(entry.fd);
      // Nobody is left behind that filter.
      if (entry.fd != socket_.fd() && entry.revents & POLLHUP)
        std::erase_if(listeners_, [&](const auto& listener) { return listener.get() == entry.fd; });
    }
  }
}

void Agent::take() {
  const std::chrono::seconds limit(10);
  const auto connection = socket_.connection(limit);
  auto delivery = support::take_delivery(connection.get(), limit);
  const std::size_t count = delivery.descriptors.size();
  if (judge_)
    for (auto& listener : delivery.descriptors) listeners_.push_back(std::move(listener));
  delivery.descriptors.clear();  // closed before anybody hears of the document
  const std::lock_guard lock(mutex_);
  documents_.push_back(std::move(delivery.text));
  descriptors_.push_back(count);
}

void Agent::answer(int listener) {
  (void)support::answer_call(listener, [this](const seccomp_notif& call) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(call.data.nr);
    }
    return judge_(call);
  });
}

}  // namespace lodger::test
