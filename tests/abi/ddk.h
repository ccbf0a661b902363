/* The mingw-w64 headers that AbiTest compares native-headers with: what only the driver headers declare. They cannot
 * be included together with those in sdk.h. */
#include <ntifs.h>
