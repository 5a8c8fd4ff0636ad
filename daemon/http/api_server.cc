#include "daemon/http/api_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "core/bounded_queue.h"
#include "daemon/answer/journey_json.h"
#include "daemon/answer/search.h"

namespace rastro {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using Socket = boost::asio::local::stream_protocol::socket;
using Response = http::response<http::string_body>;

constexpr std::size_t kHeaderBytesMax = 16 * 1024;
constexpr std::size_t kBodyBytesMax = 1 << 20;
constexpr int kStallSeconds = 10;

Response answer(http::status status, const char* type, std::string body) {
  Response out(status, 11);
  out.set(http::field::content_type, type);
  out.set(http::field::cache_control, "no-store");
  out.body() = std::move(body);
  return out;
}
Response ok(const json::object& body) {
  return answer(http::status::ok, "application/json", json::serialize(body));
}
Response problem(http::status status, std::string_view title, const std::string& detail,
                 const std::string& parameter = "") {
  json::object body{
      {"title", title}, {"status", static_cast<unsigned>(status)}, {"detail", valid_utf8(detail)}};
  if (!parameter.empty()) body["parameter"] = valid_utf8(parameter);
  return answer(status, "application/problem+json", json::serialize(body));
}

class Handler {
 public:
  Handler(const ApiOptions& options, QueryTools tools,
          const std::function<std::string(bool)>& status,
          const std::function<std::string()>& health, const Clock& clock)
      : options_(options),
        tools_(std::move(tools)),
        status_(status),
        health_(health),
        clock_(clock) {}

  Response handle(const http::request<http::string_body>& request) {
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return problem(http::status::method_not_allowed, "method not allowed", "GET only");
    }
    const auto target = boost::urls::parse_origin_form(request.target());
    if (!target)
      return problem(http::status::bad_request, "bad request target", "not an origin-form target");
    Parameters parameters;
    for (const auto& parameter : target->params())
      parameters[std::string(parameter.key)] = std::string(parameter.value);
    const std::string path(target->path());
    if (path == "/healthz") return answer(http::status::ok, "application/json", health_());
    if (path == "/v1/status")
      return answer(http::status::ok, "application/json", status_(parameters["lines"] == "1"));
    if (tools_.refresh) tools_.refresh();
    if (path == "/v1/journeys") return journeys(parameters);
    if (path == "/v1/coverage") return ok(coverage({}));
    constexpr std::string_view kOne = "/v1/journeys/";
    if (path.starts_with(kOne)) return journey(path.substr(kOne.size()), parameters["raw"] == "1");
    return problem(http::status::not_found, "no such resource",
                   path + " is not served here; docs/api.md lists what is");
  }

 private:
  Response journeys(const Parameters& parameters) {
    const auto request = parse_find(parameters, clock_.wall(), options_.rows_max);
    if (!request) {
      const auto& bad = request.error();
      return problem(http::status::bad_request, "bad parameter", bad.parameter + ": " + bad.detail,
                     bad.parameter);
    }
    auto found = find_journeys(*tools_.store, *request, {options_.request_timeout});
    if (!found)
      return problem(http::status::service_unavailable, "the index cannot answer",
                     found.error().message);
    json::array items;
    for (const auto& journey : found->journeys) {
      items.push_back(json::object{{"journey", to_json(journey, {false, tools_.lines.get()})},
                                   {"score", nullptr},
                                   {"why", json::array()}});
    }
    return ok({{"items", std::move(items)},
               {"more", found->more},
               {"cursor", nullptr},
               {"cut_by", found->cut == CutBy::time ? json::value("time")
                          : found->more             ? json::value("rows")
                                                    : json::value(nullptr)},
               {"coverage", coverage(request->range)},
               {"encounters", json::array()},
               {"suggestions", json::array()}});
  }

  Response journey(const std::string& id, bool raw) {
    auto found = find_by_id(*tools_.store, id);
    if (!found)
      return problem(http::status::service_unavailable, "the index cannot answer",
                     found.error().message);
    if (!*found)
      return problem(http::status::not_found, "no such message",
                     "nothing in the index is called " + id);
    return ok(to_json(**found, {raw, tools_.lines.get()}));
  }

  json::object coverage(const TimeRange& range) {
    json::array holes;
    Time read_up_to = Time::min();
    bool complete = true;
    if (const auto sources = tools_.store->coverage()) {
      for (const auto& source : *sources) {
        if (source.until) read_up_to = std::max(read_up_to, *source.until);
      }
    }
    if (const auto found = tools_.store->holes(range)) {
      for (const auto& hole : *found) {
        holes.push_back(json::object{{"source", valid_utf8(hole.source_path)},
                                     {"from", api_time(hole.from)},
                                     {"until", api_time(hole.until)},
                                     {"cause", valid_utf8(hole.cause)}});
      }
    }
    for (const auto& trouble : tools_.store->troubles()) {
      holes.push_back(json::object{{"source", trouble.file},
                                   {"from", api_time(trouble.from)},
                                   {"until", api_time(trouble.until)},
                                   {"cause", valid_utf8(trouble.why)}});
    }
    complete = holes.empty() && read_up_to != Time::min();
    return {{"complete", complete},
            {"read_up_to",
             read_up_to == Time::min() ? json::value(nullptr) : json::value(api_time(read_up_to))},
            {"holes", std::move(holes)}};
  }

  const ApiOptions& options_;
  QueryTools tools_;
  const std::function<std::string(bool)>& status_;
  const std::function<std::string()>& health_;
  const Clock& clock_;
};

void serve(int descriptor, Handler& handler) {
  boost::asio::io_context context;
  Socket socket(context, boost::asio::local::stream_protocol(), descriptor);
  const timeval stall{kStallSeconds, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall);
  boost::beast::flat_buffer buffer(kHeaderBytesMax + kBodyBytesMax);
  boost::system::error_code error;
  http::request_parser<http::string_body> parser;
  parser.header_limit(kHeaderBytesMax);
  parser.body_limit(kBodyBytesMax);
  http::read(socket, buffer, parser, error);
  if (error == http::error::end_of_stream) return;
  auto response = error ? problem(http::status::bad_request, "not HTTP", error.message())
                        : handler.handle(parser.get());
  response.keep_alive(false);
  response.prepare_payload();
  if (!error && parser.get().method() == http::verb::head) response.body().clear();
  http::write(socket, response, error);
  socket.shutdown(Socket::shutdown_both, error);
}

Error failed(const std::string& what) {
  return make_error(Error::Code::io, what + ": " + std::strerror(errno));
}

}  // namespace

struct ApiServer::State {
  ApiOptions options;
  std::function<QueryTools()> make_tools;
  std::function<std::string(bool)> status;
  std::function<std::string()> health;
  const Clock& clock;
  BoundedQueue<int> connections;
  int listener = -1;
  int stop_pipe[2] = {-1, -1};
  std::vector<std::thread> threads;

  Result<void> listen();
  void accept_loop();
  void query_loop();
};

// Bound under a temporary name and renamed into place, so that nobody can meet a half-made socket.
Result<void> ApiServer::State::listen() {
  const auto temporary = options.socket + ".new";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (temporary.size() >= sizeof address.sun_path)
    return make_error(Error::Code::invalid, "api.socket: the path is too long: " + options.socket);
  std::memcpy(address.sun_path, temporary.c_str(), temporary.size());
  struct stat old {};
  if (lstat(options.socket.c_str(), &old) == 0 && !S_ISSOCK(old.st_mode))
    return make_error(Error::Code::invalid, options.socket + " exists and is no socket");
  listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return failed("make a socket");
  unlink(temporary.c_str());
  const auto mask = umask(0177);
  const bool bound = bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return failed("bind " + temporary);
  if (!options.socket_group.empty()) {
    const auto* group = getgrnam(options.socket_group.c_str());
    if (group == nullptr)
      return make_error(Error::Code::invalid,
                        "api.socket_group: there is no group " + options.socket_group);
    if (chown(temporary.c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0)
      return failed("give " + temporary + " to group " + options.socket_group);
  }
  if (chmod(temporary.c_str(), options.socket_mode) != 0) return failed("chmod " + temporary);
  if (::listen(listener, 128) != 0) return failed("listen on " + temporary);
  if (rename(temporary.c_str(), options.socket.c_str()) != 0)
    return failed("rename " + temporary + " to " + options.socket);
  if (pipe2(stop_pipe, O_CLOEXEC) != 0) return failed("make a pipe");
  return {};
}

void ApiServer::State::accept_loop() {
  for (;;) {
    pollfd ready[2] = {{listener, POLLIN, 0}, {stop_pipe[0], POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if ((ready[0].revents & POLLIN) == 0) continue;
    int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    if (!connections.try_push(descriptor)) close(descriptor);
  }
}

void ApiServer::State::query_loop() {
  Handler handler(options, make_tools(), status, health, clock);
  while (const auto descriptor = connections.pop()) serve(*descriptor, handler);
}

ApiServer::ApiServer(ApiOptions options, std::function<QueryTools()> make_tools,
                     std::function<std::string(bool lines)> status,
                     std::function<std::string()> health, const Clock& clock)
    : state_(new State{options,
                       std::move(make_tools),
                       std::move(status),
                       std::move(health),
                       clock,
                       BoundedQueue<int>(options.connections_max),
                       -1,
                       {-1, -1},
                       {}}) {}

ApiServer::~ApiServer() { stop(); }

Result<void> ApiServer::start() {
  if (auto done = state_->listen(); !done) return done;
  state_->threads.emplace_back([state = state_.get()] {
    pthread_setname_np(pthread_self(), "api");
    state->accept_loop();
  });
  for (std::size_t i = 0; i < state_->options.threads; ++i) {
    state_->threads.emplace_back([state = state_.get(), i] {
      pthread_setname_np(pthread_self(), ("query-" + std::to_string(i)).c_str());
      state->query_loop();
    });
  }
  return {};
}

void ApiServer::stop() {
  if (state_->stop_pipe[1] >= 0) {
    const char byte = 0;
    static_cast<void>(!write(state_->stop_pipe[1], &byte, 1));
  }
  state_->connections.close();
  for (auto& thread : state_->threads) thread.join();
  state_->threads.clear();
  if (state_->listener >= 0) unlink(state_->options.socket.c_str());
  for (int* descriptor : {&state_->listener, &state_->stop_pipe[0], &state_->stop_pipe[1]}) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
  }
}

}  // namespace rastro
