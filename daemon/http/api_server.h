#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/raw_line_source.h"
#include "core/result.h"
#include "store/query.h"

namespace rastro {

struct ApiOptions {
  std::string socket;
  std::uint32_t socket_mode = 0660;
  std::string socket_group;  // empty: the process's own
  Duration request_timeout = std::chrono::seconds(5);
  std::size_t rows_max = 1000;
  std::size_t connections_max = 256;
  std::size_t threads = 2;
};

// What every query thread has for itself.
struct QueryTools {
  std::unique_ptr<StoreReader> store;
  std::unique_ptr<RawLineSource> lines;
  std::function<void()> refresh;  // before each question: the newest positions
};

// HTTP/1.1 and JSON on a Unix socket (docs/api.md).
// Threads: start() makes them, stop() joins them; both from one thread.
class ApiServer {
 public:
  // `make_tools` is called on each query thread; `status` and `healthy` on any of them.
  ApiServer(ApiOptions options, std::function<QueryTools()> make_tools,
            std::function<std::string(bool lines)> status, std::function<std::string()> health,
            const Clock& clock);
  ~ApiServer();
  Result<void> start();
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rastro
