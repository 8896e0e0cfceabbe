/// The one translation unit with the non-template parts of Asio and Beast (their separate
/// compilation macros are set on troupe_net for all who include them).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
