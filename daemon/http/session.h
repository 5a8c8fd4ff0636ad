#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <string>

#include "core/clock.h"
#include "daemon/http/router.h"

namespace rastro {

class HttpSession;

// What a client may cost.
struct HttpLimits {
  std::size_t header_bytes_max = 16UL * 1024;
  // Without a byte from the client, or taken by it, for this long: dropped.
  Duration stall_max = std::chrono::seconds(10);
  // For one body, or one answer, as a whole.
  Duration transfer_max = std::chrono::seconds(60);
  // Events that may wait for one follower.
  std::size_t outbox_bytes_max = 1 << 20;
};

// A question on its way to a query thread and back.
struct Work {
  std::shared_ptr<HttpSession> session;
  const Route* route = nullptr;
  ApiRequest request;
  Duration received_at{0};  // steady
};

// The server, as its sessions see it. All of it on the api thread.
class HttpSessionHost {
 public:
  virtual ~HttpSessionHost() = default;
  virtual const Router& router() const = 0;
  virtual const HttpLimits& limits() const = 0;
  virtual const Clock& clock() const = 0;
  // False: this peer asked too often.
  virtual bool admit(const SocketPeer& peer) = 0;
  // False: too many questions wait, or none is taken any more.
  virtual bool submit(std::shared_ptr<Work> work) = 0;
  // Whether that is because the server ends.
  virtual bool stopping() const = 0;
  // Room for bodies of all sessions together; false: none left.
  virtual bool reserve_body(std::size_t bytes) = 0;
  virtual void release_body(std::size_t bytes) = 0;
  virtual void count(const Route* route, unsigned status) = 0;
  virtual void closed(HttpSession& session) = 0;
  // The session takes events from now on.
  virtual void follow(const std::shared_ptr<HttpSession>& session,
                      std::shared_ptr<const Follower> follower) = 0;
};

// One connection: reads a question, has it answered, writes the answer, and again.
// Threads: the api thread only. Owns itself through its pending operations.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  HttpSession(Socket socket, SocketPeer peer, HttpSessionHost& host);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // Reads questions until the client goes or breaks a rule.
  void start();
  // Answers the first question with this and closes: the server is full.
  void refuse(ApiAnswer answer);
  // The answer of a submitted question.
  void send(ApiAnswer answer);
  // Of a stream: queues events for the client, who is dropped when it takes them too slowly.
  void push_events(std::string_view events);
  void close();
  const SocketPeer& peer() const { return peer_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;
  using Serializer = boost::beast::http::response_serializer<boost::beast::http::string_body>;

  void read_header();
  void on_header(boost::beast::error_code error);
  bool accept_body();
  void continue_then_read_body();
  void read_body();
  void on_body(boost::beast::error_code error, std::size_t bytes);
  void dispatch();
  void send_and_close(ApiAnswer answer);
  void write_some();
  void on_written();
  void linger();
  void start_stream(std::shared_ptr<const Follower> follower);
  void watch_for_end();
  void write_outbox();
  void release();
  template <typename Handler>
  auto mine(Handler handler);

  boost::beast::basic_stream<boost::asio::local::stream_protocol> stream_;
  SocketPeer peer_;
  HttpSessionHost& host_;
  boost::beast::flat_buffer buffer_;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<Response> response_;
  std::unique_ptr<Serializer> serializer_;
  std::unique_ptr<ApiAnswer> refusal_;
  Router::Match match_;
  Target target_;
  std::size_t reserved_ = 0;  // body bytes
  std::size_t discarded_ = 0;
  Duration transfer_until_{0};  // steady
  bool keep_ = false;           // the connection, behind the current answer
  bool head_ = false;
  std::string outbox_;   // events that wait
  std::string writing_;  // events on their way
  bool closed_ = false;
};

}  // namespace rastro
