/* The mingw-w64 headers that AbiTest compares native-headers with: what an application includes. */
#define WIN32_NO_STATUS
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#undef WIN32_NO_STATUS
#include <winternl.h>
#include <ntstatus.h>
#include <iphlpapi.h>
#include <psapi.h>
