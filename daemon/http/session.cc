#include "daemon/http/session.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace rastro {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kBodyBytesEver = 64ULL << 20;  // above any route's limit
constexpr std::size_t kDiscardMax = 256UL * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view as_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

HttpSession::HttpSession(Socket socket, SocketPeer peer, HttpSessionHost& host)
    : stream_(std::move(socket)),
      peer_(std::move(peer)),
      host_(host),
      buffer_(host.limits().header_bytes_max + 64UL * 1024) {}

HttpSession::~HttpSession() { release(); }

// A handler that keeps the session alive until it ran.
template <typename Handler>
auto HttpSession::mine(Handler handler) {
  return [self = shared_from_this(), handler](error_code error, std::size_t bytes) {
    handler(*self, error, bytes);
  };
}

void HttpSession::start() { read_header(); }

void HttpSession::refuse(ApiAnswer answer) {
  refusal_ = std::make_unique<ApiAnswer>(std::move(answer));
  read_header();
}

void HttpSession::close() {
  closed_ = true;
  release();
  stream_.close();
  host_.closed(*this);
}

void HttpSession::release() {
  if (reserved_ > 0) host_.release_body(std::exchange(reserved_, 0));
}

void HttpSession::read_header() {
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<std::uint32_t>(host_.limits().header_bytes_max));
  parser_->body_limit(kBodyBytesEver);
  keep_ = false;
  head_ = false;
  stream_.expires_after(host_.limits().stall_max);
  http::async_read_header(stream_, buffer_, *parser_,
                          mine([](HttpSession& self, error_code error, std::size_t /*bytes*/) {
                            self.on_header(error);
                          }));
}

void HttpSession::on_header(error_code error) {
  if (refusal_ && !error) return send_and_close(std::move(*refusal_));
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    const auto most = std::to_string(host_.limits().header_bytes_max);
    return send_and_close(
        problem(431, "header too large", "request line and header: at most " + most + " bytes"));
  }
  if (error == http::error::body_limit)
    return send_and_close(problem(413, "body too large", "no body of that size is taken here"));
  // A parser's complaint is answered; a connection that is gone or silent is not.
  if (error && error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return send_and_close(problem(400, "not HTTP", error.message()));
  }
  if (error) return close();
  const auto& request = parser_->get();
  head_ = request.method() == http::verb::head;
  auto target = parse_target(as_view(request.target()));
  if (!target) {
    const auto& bad = target.error();
    return send_and_close(bad.parameter.empty() ? problem(400, "bad request target", bad.detail)
                                                : bad_parameter(bad));
  }
  target_ = std::move(*target);
  match_ = host_.router().find(as_view(request.method_string()), target_.path);
  if (!accept_body()) return;
  if (parser_->is_done()) {
    dispatch();
  } else {
    continue_then_read_body();
  }
}

// False: answered already.
bool HttpSession::accept_body() {
  const auto most = match_.route == nullptr ? 0 : match_.route->body_bytes_max;
  const auto length = parser_->content_length();
  if (parser_->is_done()) return true;
  if (match_.route == nullptr) {  // an unwanted body is not read
    dispatch();
    return false;
  }
  if (most == 0 || length.value_or(0) > most) {
    send_and_close(problem(
        413, "body too large",
        match_.route->path + " takes a body of at most " + std::to_string(most) + " bytes"));
    return false;
  }
  const auto wanted = static_cast<std::size_t>(length.value_or(most));
  if (!host_.reserve_body(wanted)) {
    send_and_close(problem(503, "busy", "too many bodies are being received; try again"));
    return false;
  }
  reserved_ = wanted;
  parser_->body_limit(most);
  return true;
}

void HttpSession::continue_then_read_body() {
  transfer_until_ = host_.clock().steady() + host_.limits().transfer_max;
  const auto expect = parser_->get()[http::field::expect];
  if (!boost::beast::iequals(expect, "100-continue")) return read_body();
  stream_.expires_after(host_.limits().stall_max);
  boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                           mine([](HttpSession& self, error_code error, std::size_t /*bytes*/) {
                             if (error) return self.close();
                             self.read_body();
                           }));
}

void HttpSession::read_body() {
  const auto left = transfer_until_ - host_.clock().steady();
  if (left <= Duration::zero())
    return send_and_close(problem(408, "too slow", "the body did not come in time"));
  stream_.expires_after(std::min(left, host_.limits().stall_max));
  http::async_read_some(stream_, buffer_, *parser_,
                        mine([](HttpSession& self, error_code error, std::size_t bytes) {
                          self.on_body(error, bytes);
                        }));
}

void HttpSession::on_body(error_code error, std::size_t /*bytes*/) {
  if (error == http::error::body_limit) {
    return send_and_close(problem(413, "body too large",
                                  match_.route->path + " takes a body of at most " +
                                      std::to_string(match_.route->body_bytes_max) + " bytes"));
  }
  if (error && error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::partial_message && error != http::error::end_of_stream) {
    return send_and_close(problem(400, "not HTTP", error.message()));
  }
  if (error) return close();
  if (parser_->is_done()) {
    dispatch();
  } else {
    read_body();
  }
}

void HttpSession::dispatch() {
  auto& message = parser_->get();
  // A body that was not read would be taken for the next question.
  keep_ = message.keep_alive() && parser_->is_done();
  if (match_.route == nullptr) {
    if (match_.allowed.empty()) {
      return send(problem(404, "no such resource",
                          target_.path + " is not served here; GET /v1 lists what is"));
    }
    auto answer = problem(405, "method not allowed", target_.path + " has " + match_.allowed);
    answer.headers.emplace_back("Allow", match_.allowed);
    return send(std::move(answer));
  }
  const auto& route = *match_.route;
  if (!may_ask(peer_.role, route.access)) {
    return send(problem(403, "not allowed",
                        "the role of uid " + std::to_string(peer_.uid) + " is " +
                            std::string(role_name(peer_.role)) +
                            ", which may not ask this; see api.operators in rastro.yaml(5)"));
  }
  if (!peer_.domains.empty() && route.access != Access::anyone && !route.heeds_domains) {
    return send(problem(403, "not allowed",
                        "uid " + std::to_string(peer_.uid) +
                            " sees mail of some domains only, and this tells of all mail; see "
                            "api.support_domains in rastro.yaml(5)"));
  }
  if (const auto unknown = find_unknown_parameter(route, target_.parameters))
    return send(bad_parameter(*unknown));
  if (!host_.admit(peer_)) {
    auto answer = problem(429, "too many questions",
                          "api.requests_per_second_max was passed; try again in a second");
    answer.headers.emplace_back("Retry-After", "1");
    return send(std::move(answer));
  }
  ApiRequest request;
  request.method = route.method;
  request.path = target_.path;
  request.id = match_.id;
  request.parameters = std::move(target_.parameters);
  if (std::ranges::find(route.parameters, "lang") != route.parameters.end()) {
    const auto language = preferred_language(as_view(message[http::field::accept_language]));
    if (!language.empty()) request.parameters.emplace("lang", language);  // unless it is given
  }
  request.content_type = as_view(message[http::field::content_type]);
  request.body = std::move(message.body());
  request.peer = peer_;
  if (route.immediate) return send(route.handle_at_once(request));
  const auto work = std::make_shared<Work>();
  work->session = shared_from_this();
  work->route = &route;
  work->request = std::move(request);
  work->received_at = host_.clock().steady();
  stream_.expires_never();
  if (host_.submit(work)) return;
  auto answer = problem(503, "busy",
                        host_.stopping() ? "rastrod ends, or takes a new configuration; try again"
                                         : "too many questions wait for an answer; try again");
  answer.headers.emplace_back("Retry-After", "1");
  send(std::move(answer));
}

void HttpSession::send_and_close(ApiAnswer answer) {
  keep_ = false;
  match_ = {};
  send(std::move(answer));
}

void HttpSession::send(ApiAnswer answer) {
  release();
  host_.count(match_.route, answer.status);
  if (answer.follower && !head_) return start_stream(std::move(answer.follower));
  response_ = std::make_unique<Response>(http::int_to_status(answer.status), 11);
  response_->set(http::field::content_type, answer.content_type);
  response_->set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : answer.headers) response_->set(name, value);
  response_->keep_alive(keep_);
  response_->body() = std::move(answer.body);
  response_->prepare_payload();
  serializer_ = std::make_unique<Serializer>(*response_);
  serializer_->split(head_);
  transfer_until_ = host_.clock().steady() + host_.limits().transfer_max;
  write_some();
}

void HttpSession::write_some() {
  const auto left = transfer_until_ - host_.clock().steady();
  if (left <= Duration::zero()) return close();
  stream_.expires_after(std::min(left, host_.limits().stall_max));
  const auto handler = mine([](HttpSession& self, error_code error, std::size_t /*bytes*/) {
    if (error) return self.close();
    const bool done = self.head_ ? self.serializer_->is_header_done() : self.serializer_->is_done();
    if (done) return self.on_written();
    self.write_some();
  });
  http::async_write_some(stream_, *serializer_, handler);
}

void HttpSession::on_written() {
  serializer_.reset();
  response_.reset();
  if (keep_) return read_header();
  error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  discarded_ = 0;
  linger();
}

// What the client still sends is read and thrown away, for a while: closing a socket with unread
// bytes would take the answer away from a client that has not read it yet.
void HttpSession::linger() {
  if (discarded_ > kDiscardMax) return close();
  stream_.expires_after(std::min<Duration>(host_.limits().stall_max, std::chrono::seconds(1)));
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(16UL * 1024),
                          mine([](HttpSession& self, error_code error, std::size_t bytes) {
                            if (error || bytes == 0) return self.close();
                            self.discarded_ += bytes;
                            self.linger();
                          }));
}

}  // namespace rastro
