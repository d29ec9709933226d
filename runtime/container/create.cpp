#include "runtime/container/construct.hpp"
#include "runtime/container/lifecycle.hpp"

namespace lodger::container {

Outcome<Created> create(const Store& store, const CreateRequest& request, const Notices& notices) {
  auto source = TRY(load(store, request, true, notices));
  auto made = TRY(construct(store, request, std::move(source), {Gate::socket, request.interrupt}, notices));
  // From here on init does without us. Should it be gone, `state` says so.
  TRY(explained(made.launched.child.order(init::Order::kept), "leaving the container to itself"));
  made.keep();
  auto& [child, terminal] = made.launched;
  const pid_t pid = child.pid();
  return Created{
      {pid, child.hand_over(), std::move(terminal)}, std::move(made.record), std::move(made.source.config)};
}

}  // namespace lodger::container
