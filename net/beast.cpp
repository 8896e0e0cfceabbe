/// The one translation unit with the non-template parts of Asio and Beast (their separate
/// compilation macros are set on troupe_net for all who include them).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>

// Beast 1.81's parser asserts that it has five bytes once it has seen the last chunk begin. A body
// of no other chunk has three or four when it comes byte by byte, and the code behind the assertion
// reads them rightly: with it, any peer can end the process (tests/unit/net/body_parser_test.cpp).
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>
