#include "runtime/container/construct.hpp"
#include "runtime/container/lifecycle.hpp"

namespace lodger::container {

Outcome<> create(const Store& store, const CreateRequest& request, const Notices& notices) {
  auto source = TRY(load(store, request, true, notices));
  auto made = TRY(construct(store, request, std::move(source), Gate::socket, notices));
  made.keep();
  return {};
}

}  // namespace lodger::container
