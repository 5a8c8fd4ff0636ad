#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace rastro {

// Why an operation could not be done. Say it for the operator who reads the journal:
// what was attempted, on what, and what the system answered.
struct Error {
  enum class Code { not_found, invalid, io, corrupt, unavailable, limit };
  Code code = Code::io;
  std::string message;  // e.g. "open /var/log/mail.log: Permission denied"
};

// Required by boost::system::result: value() on an error is a mistake of ours; it throws this.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location& /*where*/) {
  throw std::runtime_error(error.message);
}

// A value or the reason there is none. Ignoring one is a warning, and warnings are errors.
template <typename T, typename E = Error>
class [[nodiscard]] Result : public boost::system::result<T, E> {
 public:
  using boost::system::result<T, E>::result;
};

inline Error make_error(Error::Code code, std::string message) {
  return {code, std::move(message)};
}

}  // namespace rastro
