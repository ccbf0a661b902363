/*
 * Declarations of the Windows types, constants and function pointers that iocp4j uses, written for jextract
 * (see jextract.sh). The functions are in win_functions.h.
 *
 * Nothing is included from a Windows SDK: this file states the x64 ABI only. Every integer type is a fixed-width
 * one, so `long` (32 bits on Windows, 64 on Linux) never occurs and the bindings do not depend on the machine they
 * were generated on. Handles, sockets and all pointers are integers: a call then needs no MemorySegment.
 *
 * AbiTest compares every structure, field, constant, function and function pointer here with the headers of
 * mingw-w64. What is ours and not Windows' is listed there by name.
 */
#ifndef WIN_TYPES_H
#define WIN_TYPES_H

/* ---- base types (x64) ---------------------------------------------------- */
typedef int                BOOL;
typedef unsigned char      BYTE;
typedef unsigned short     WORD;
typedef unsigned int       DWORD;      /* `unsigned long` in the SDK: 32 bits  */
typedef unsigned int       ULONG;
typedef unsigned long long ULONG_PTR;
typedef unsigned long long SOCKET;
typedef long long          HANDLE;     /* pointer-sized, never dereferenced    */
typedef unsigned short     WCHAR;      /* UTF-16 code unit                     */
typedef unsigned long long SIZE_T;
typedef int                NTSTATUS;   /* negative: failed                     */
typedef unsigned long long ADDRESS;    /* ours: any pointer, as an integer      */

/* ---- structures ---------------------------------------------------------- */
typedef struct OVERLAPPED {
    ULONG_PTR Internal;                /* NTSTATUS                             */
    ULONG_PTR InternalHigh;            /* bytes transferred                    */
    DWORD     Offset;
    DWORD     OffsetHigh;
    HANDLE    hEvent;
} OVERLAPPED;

/* Ours and not Windows': an OVERLAPPED with the number of its owner behind it. It
 * comes first, so that its address is the operation's. The padding makes 48 bytes:
 * a socket's four operations are then three cache lines, and sockets made one
 * after the other share none, as they would with 40. That the receive and the send
 * of one socket share a line does no harm. Windows needs 8 bytes of alignment.     */
typedef struct OPERATION {
    OVERLAPPED overlapped;
    ULONG_PTR  owner;                  /* who posted it: never a completion key  */
    ULONG_PTR  padding;
} OPERATION;

typedef struct OVERLAPPED_ENTRY {
    ULONG_PTR lpCompletionKey;
    ADDRESS   lpOverlapped;
    ULONG_PTR Internal;                /* reserved: read OVERLAPPED.Internal   */
    DWORD     dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY;

typedef struct WSABUF {
    ULONG   len;
    ADDRESS buf;
} WSABUF;

typedef struct WSADATA {               /* x64 member order                     */
    WORD    wVersion;
    WORD    wHighVersion;
    WORD    iMaxSockets;
    WORD    iMaxUdpDg;
    ADDRESS lpVendorInfo;
    char    szDescription[257];
    char    szSystemStatus[129];
} WSADATA;

typedef struct GUID {
    DWORD Data1;
    WORD  Data2;
    WORD  Data3;
    BYTE  Data4[8];
} GUID;

/* For NtSetInformationFile, class 61 (Windows 8.1 and later).                   */
typedef struct IO_STATUS_BLOCK {
    ULONG_PTR Status;                  /* NTSTATUS in the low 32 bits          */
    ULONG_PTR Information;
} IO_STATUS_BLOCK;

typedef struct FILE_COMPLETION_INFORMATION {
    HANDLE    Port;                    /* 0: take the handle off its port      */
    ULONG_PTR Key;
} FILE_COMPLETION_INFORMATION;

struct sockaddr_in {
    WORD  sin_family;
    WORD  sin_port;                    /* network byte order                   */
    DWORD sin_addr;                    /* network byte order                   */
    BYTE  sin_zero[8];
};

struct sockaddr_in6 {
    WORD  sin6_family;
    WORD  sin6_port;                   /* network byte order                   */
    DWORD sin6_flowinfo;
    BYTE  sin6_addr[16];
    DWORD sin6_scope_id;
};

typedef struct MIB_TCPROW_OWNER_PID {
    DWORD dwState;
    DWORD dwLocalAddr;
    DWORD dwLocalPort;
    DWORD dwRemoteAddr;
    DWORD dwRemotePort;
    DWORD dwOwningPid;
} MIB_TCPROW_OWNER_PID;

typedef struct MIB_TCP6ROW_OWNER_PID {
    BYTE  ucLocalAddr[16];
    DWORD dwLocalScopeId;
    DWORD dwLocalPort;
    BYTE  ucRemoteAddr[16];
    DWORD dwRemoteScopeId;
    DWORD dwRemotePort;
    DWORD dwState;
    DWORD dwOwningPid;
} MIB_TCP6ROW_OWNER_PID;

#define MAX_PROTOCOL_CHAIN 7
#define WSAPROTOCOL_LEN    255

typedef struct WSAPROTOCOLCHAIN {
    int   ChainLen;
    DWORD ChainEntries[MAX_PROTOCOL_CHAIN];
} WSAPROTOCOLCHAIN;

/* What getsockopt(SO_PROTOCOL_INFOW) writes.                                    */
typedef struct WSAPROTOCOL_INFOW {
    DWORD dwServiceFlags1;             /* XP1_...                              */
    DWORD dwServiceFlags2;
    DWORD dwServiceFlags3;
    DWORD dwServiceFlags4;
    DWORD dwProviderFlags;
    GUID  ProviderId;
    DWORD dwCatalogEntryId;
    WSAPROTOCOLCHAIN ProtocolChain;
    int   iVersion;
    int   iAddressFamily;
    int   iMaxSockAddr;
    int   iMinSockAddr;
    int   iSocketType;
    int   iProtocol;
    int   iProtocolMaxOffset;
    int   iNetworkByteOrder;
    int   iSecurityScheme;
    DWORD dwMessageSize;
    DWORD dwProviderReserved;
    WCHAR szProtocol[WSAPROTOCOL_LEN + 1];
} WSAPROTOCOL_INFOW;

typedef struct PROCESS_MEMORY_COUNTERS_EX {
    DWORD  cb;
    DWORD  PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
    SIZE_T PrivateUsage;
} PROCESS_MEMORY_COUNTERS_EX;

/* ---- pointers that WSAIoctl(SIO_GET_EXTENSION_FUNCTION_POINTER) returns - */
typedef BOOL (*LPFN_ACCEPTEX)(SOCKET sListenSocket, SOCKET sAcceptSocket, ADDRESS lpOutputBuffer,
                DWORD dwReceiveDataLength, DWORD dwLocalAddressLength, DWORD dwRemoteAddressLength,
                ADDRESS lpdwBytesReceived, ADDRESS lpOverlapped);
typedef void (*LPFN_GETACCEPTEXSOCKADDRS)(ADDRESS lpOutputBuffer, DWORD dwReceiveDataLength,
                DWORD dwLocalAddressLength, DWORD dwRemoteAddressLength,
                ADDRESS LocalSockaddr, ADDRESS LocalSockaddrLength,
                ADDRESS RemoteSockaddr, ADDRESS RemoteSockaddrLength);
typedef BOOL (*LPFN_DISCONNECTEX)(SOCKET s, ADDRESS lpOverlapped, DWORD dwFlags,
                DWORD dwReserved);
typedef BOOL (*LPFN_TRANSMITFILE)(SOCKET hSocket, HANDLE hFile, DWORD nNumberOfBytesToWrite,
                DWORD nNumberOfBytesPerSend, ADDRESS lpOverlapped,
                ADDRESS lpTransmitBuffers, DWORD dwReserved);
typedef BOOL (*LPFN_CONNECTEX)(SOCKET s, ADDRESS name, int namelen, ADDRESS lpSendBuffer,
                DWORD dwSendDataLength, ADDRESS lpdwBytesSent, ADDRESS lpOverlapped);

/* ---- constants ----------------------------------------------------------- */
#define INVALID_SOCKET                       (-1LL)
#define INVALID_HANDLE_VALUE                 (-1LL)
#define SOCKET_ERROR                         (-1)
#define INFINITE                             0xFFFFFFFFu

#define AF_INET                              2
#define AF_INET6                             23
#define SOCK_STREAM                          1
#define IPPROTO_TCP                          6
#define IPPROTO_IPV6                         41
#define IPV6_V6ONLY                          27
#define TCP_NODELAY                          1
#define SOL_SOCKET                           0xFFFF
#define SO_REUSEADDR                         0x0004
#define SO_EXCLUSIVEADDRUSE                  (~SO_REUSEADDR)
#define SO_KEEPALIVE                         0x0008
#define SO_LINGER                            0x0080
#define SO_SNDBUF                            0x1001
#define SO_RCVBUF                            0x1002
#define SO_ERROR                             0x1007
#define SO_TYPE                              0x1008
#define SO_PROTOCOL_INFOW                    0x2005
#define SO_UPDATE_ACCEPT_CONTEXT             0x700B
#define SO_CONNECT_TIME                      0x700C
#define SO_UPDATE_CONNECT_CONTEXT            0x7010
#define XP1_IFS_HANDLES                      0x00020000
#define SOMAXCONN                            0x7FFFFFFF
#define SD_RECEIVE                           0
#define SD_SEND                              1
#define SD_BOTH                              2
#define FIONBIO                              0x8004667Eu
#define MSG_PEEK                             0x2
#define WSA_FLAG_OVERLAPPED                  0x01
#define WSA_FLAG_NO_HANDLE_INHERIT           0x80
#define SIO_GET_EXTENSION_FUNCTION_POINTER   0xC8000006u
#define TF_DISCONNECT                        0x01
#define TF_REUSE_SOCKET                      0x02
#define FILE_REPLACE_COMPLETION_INFORMATION  61  /* FileReplaceCompletionInformation */

#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 0x1
#define FILE_SKIP_SET_EVENT_ON_HANDLE        0x2
#define GENERIC_READ                         0x80000000u
#define GENERIC_WRITE                        0x40000000u
#define FILE_SHARE_READ                      0x1
#define FILE_SHARE_WRITE                     0x2
#define FILE_SHARE_DELETE                    0x4
#define CREATE_NEW                           1
#define CREATE_ALWAYS                        2
#define OPEN_EXISTING                        3
#define FILE_FLAG_OVERLAPPED                 0x40000000u
#define FILE_FLAG_SEQUENTIAL_SCAN            0x08000000u
#define FORMAT_MESSAGE_IGNORE_INSERTS        0x00000200
#define FORMAT_MESSAGE_FROM_SYSTEM           0x00001000

#define MEM_COMMIT                           0x00001000
#define MEM_RESERVE                          0x00002000
#define MEM_DECOMMIT                         0x00004000
#define MEM_RELEASE                          0x00008000
#define MEM_RESET                            0x00080000
#define PAGE_READWRITE                       0x04
#define DUPLICATE_SAME_ACCESS                0x00000002

#define TCP_TABLE_OWNER_PID_ALL              5

#define MIB_TCP_STATE_CLOSED                 1
#define MIB_TCP_STATE_LISTEN                 2
#define MIB_TCP_STATE_SYN_SENT               3
#define MIB_TCP_STATE_SYN_RCVD               4
#define MIB_TCP_STATE_ESTAB                  5
#define MIB_TCP_STATE_FIN_WAIT1              6
#define MIB_TCP_STATE_FIN_WAIT2              7
#define MIB_TCP_STATE_CLOSE_WAIT             8
#define MIB_TCP_STATE_CLOSING                9
#define MIB_TCP_STATE_LAST_ACK               10
#define MIB_TCP_STATE_TIME_WAIT              11
#define MIB_TCP_STATE_DELETE_TCB             12

/* ---- Win32 error codes that sockets, ports, files and memory calls can end with,
 * among them all that RtlNtStatusToDosError makes of the NTSTATUS values below -- */
#define ERROR_SUCCESS                        0
#define ERROR_INVALID_FUNCTION               1
#define ERROR_FILE_NOT_FOUND                 2
#define ERROR_PATH_NOT_FOUND                 3
#define ERROR_TOO_MANY_OPEN_FILES            4
#define ERROR_ACCESS_DENIED                  5
#define ERROR_INVALID_HANDLE                 6
#define ERROR_NOT_ENOUGH_MEMORY              8
#define ERROR_OUTOFMEMORY                    14
#define ERROR_NOT_READY                      21
#define ERROR_BAD_COMMAND                    22
#define ERROR_BAD_LENGTH                     24
#define ERROR_GEN_FAILURE                    31
#define ERROR_SHARING_VIOLATION              32
#define ERROR_LOCK_VIOLATION                 33
#define ERROR_HANDLE_EOF                     38
#define ERROR_HANDLE_DISK_FULL               39
#define ERROR_NOT_SUPPORTED                  50
#define ERROR_REM_NOT_LIST                   51
#define ERROR_DUP_NAME                       52
#define ERROR_BAD_NETPATH                    53
#define ERROR_NETWORK_BUSY                   54
#define ERROR_DEV_NOT_EXIST                  55
#define ERROR_TOO_MANY_CMDS                  56
#define ERROR_ADAP_HDW_ERR                   57
#define ERROR_BAD_NET_RESP                   58
#define ERROR_UNEXP_NET_ERR                  59
#define ERROR_BAD_REM_ADAP                   60
#define ERROR_NETNAME_DELETED                64
#define ERROR_NETWORK_ACCESS_DENIED          65
#define ERROR_BAD_NET_NAME                   67
#define ERROR_TOO_MANY_NAMES                 68
#define ERROR_TOO_MANY_SESS                  69
#define ERROR_REQ_NOT_ACCEP                  71
#define ERROR_FILE_EXISTS                    80
#define ERROR_INVALID_PARAMETER              87
#define ERROR_BROKEN_PIPE                    109
#define ERROR_DISK_FULL                      112
#define ERROR_SEM_TIMEOUT                    121
#define ERROR_INSUFFICIENT_BUFFER            122
#define ERROR_INVALID_NAME                   123
#define ERROR_BUSY                           170
#define ERROR_ALREADY_EXISTS                 183
#define ERROR_BAD_PIPE                       230
#define ERROR_PIPE_BUSY                      231
#define ERROR_NO_DATA                        232
#define ERROR_PIPE_NOT_CONNECTED             233
#define ERROR_MORE_DATA                      234
#define WAIT_TIMEOUT                         258
#define ERROR_NO_SUCH_DEVICE                 433
#define ERROR_INVALID_ADDRESS                487
#define ERROR_PIPE_CONNECTED                 535
#define ERROR_PIPE_LISTENING                 536
#define ERROR_PAGEFILE_QUOTA_EXCEEDED        567
#define ERROR_HANDLES_CLOSED                 676
#define ERROR_ABANDONED_WAIT_0               735
#define ERROR_USER_APC                       737
#define ERROR_ALERTED                        739
#define ERROR_OPERATION_ABORTED              995
#define ERROR_IO_INCOMPLETE                  996
#define ERROR_IO_PENDING                     997
#define ERROR_NOACCESS                       998
#define ERROR_SWAPERROR                      999
#define ERROR_IO_DEVICE                      1117
#define ERROR_NOT_ENOUGH_SERVER_MEMORY       1130
#define ERROR_MAPPED_ALIGNMENT               1132
#define ERROR_DEVICE_NOT_CONNECTED           1167
#define ERROR_NOT_FOUND                      1168
#define ERROR_INVALID_NETNAME                1214
#define ERROR_USER_MAPPED_FILE               1224
#define ERROR_CONNECTION_REFUSED             1225
#define ERROR_GRACEFUL_DISCONNECT            1226
#define ERROR_ADDRESS_ALREADY_ASSOCIATED     1227
#define ERROR_ADDRESS_NOT_ASSOCIATED         1228
#define ERROR_CONNECTION_INVALID             1229
#define ERROR_CONNECTION_ACTIVE              1230
#define ERROR_NETWORK_UNREACHABLE            1231
#define ERROR_HOST_UNREACHABLE               1232
#define ERROR_PROTOCOL_UNREACHABLE           1233
#define ERROR_PORT_UNREACHABLE               1234
#define ERROR_REQUEST_ABORTED                1235
#define ERROR_CONNECTION_ABORTED             1236
#define ERROR_RETRY                          1237
#define ERROR_CONNECTION_COUNT_LIMIT         1238
#define ERROR_HOST_DOWN                      1256
#define ERROR_INTERNAL_ERROR                 1359
#define ERROR_NO_USER_SESSION_KEY            1394
#define ERROR_NO_SYSTEM_RESOURCES            1450
#define ERROR_NONPAGED_SYSTEM_RESOURCES      1451
#define ERROR_PAGED_SYSTEM_RESOURCES         1452
#define ERROR_WORKING_SET_QUOTA              1453
#define ERROR_PAGEFILE_QUOTA                 1454
#define ERROR_COMMITMENT_LIMIT               1455
#define ERROR_TIMEOUT                        1460
#define ERROR_DEVICE_REMOVED                 1617
#define ERROR_INVALID_USER_BUFFER            1784
#define ERROR_NOT_ENOUGH_QUOTA               1816
#define ERROR_DEVICE_IN_USE                  2404

/* ---- Winsock error codes -------------------------------------------------- */
#define WSA_IO_PENDING                       997
#define WSAEINTR                             10004
#define WSAEBADF                             10009
#define WSAEACCES                            10013
#define WSAEFAULT                            10014
#define WSAEINVAL                            10022
#define WSAEMFILE                            10024
#define WSAEWOULDBLOCK                       10035
#define WSAEINPROGRESS                       10036
#define WSAEALREADY                          10037
#define WSAENOTSOCK                          10038
#define WSAEDESTADDRREQ                      10039
#define WSAEMSGSIZE                          10040
#define WSAEPROTOTYPE                        10041
#define WSAENOPROTOOPT                       10042
#define WSAEPROTONOSUPPORT                   10043
#define WSAESOCKTNOSUPPORT                   10044
#define WSAEOPNOTSUPP                        10045
#define WSAEPFNOSUPPORT                      10046
#define WSAEAFNOSUPPORT                      10047
#define WSAEADDRINUSE                        10048
#define WSAEADDRNOTAVAIL                     10049
#define WSAENETDOWN                          10050
#define WSAENETUNREACH                       10051
#define WSAENETRESET                         10052
#define WSAECONNABORTED                      10053
#define WSAECONNRESET                        10054
#define WSAENOBUFS                           10055
#define WSAEISCONN                           10056
#define WSAENOTCONN                          10057
#define WSAESHUTDOWN                         10058
#define WSAETOOMANYREFS                      10059
#define WSAETIMEDOUT                         10060
#define WSAECONNREFUSED                      10061
#define WSAELOOP                             10062
#define WSAENAMETOOLONG                      10063
#define WSAEHOSTDOWN                         10064
#define WSAEHOSTUNREACH                      10065
#define WSAENOTEMPTY                         10066
#define WSAEPROCLIM                          10067
#define WSAEUSERS                            10068
#define WSAEDQUOT                            10069
#define WSAESTALE                            10070
#define WSAEREMOTE                           10071
#define WSASYSNOTREADY                       10091
#define WSAVERNOTSUPPORTED                   10092
#define WSANOTINITIALISED                    10093
#define WSAEDISCON                           10101
#define WSAENOMORE                           10102
#define WSAECANCELLED                        10103
#define WSAEINVALIDPROCTABLE                 10104
#define WSAEINVALIDPROVIDER                  10105
#define WSAEPROVIDERFAILEDINIT               10106
#define WSASYSCALLFAILURE                    10107
#define WSASERVICE_NOT_FOUND                 10108
#define WSATYPE_NOT_FOUND                    10109
#define WSA_E_NO_MORE                        10110
#define WSA_E_CANCELLED                      10111
#define WSAEREFUSED                          10112
#define WSAHOST_NOT_FOUND                    11001
#define WSATRY_AGAIN                         11002
#define WSANO_RECOVERY                       11003
#define WSANO_DATA                           11004

/* ---- NTSTATUS values that our operations can end in: an int, negative = failed ---- */
#define STATUS_SUCCESS                       0x00000000u
#define STATUS_USER_APC                      0x000000C0u
#define STATUS_ALERTED                       0x00000101u
#define STATUS_TIMEOUT                       0x00000102u
#define STATUS_PENDING                       0x00000103u
#define STATUS_BUFFER_OVERFLOW               0x80000005u
#define STATUS_HANDLES_CLOSED                0x8000000Au
#define STATUS_DEVICE_BUSY                   0x80000011u
#define STATUS_UNSUCCESSFUL                  0xC0000001u
#define STATUS_NOT_IMPLEMENTED               0xC0000002u
#define STATUS_INVALID_INFO_CLASS            0xC0000003u
#define STATUS_INFO_LENGTH_MISMATCH          0xC0000004u
#define STATUS_ACCESS_VIOLATION              0xC0000005u
#define STATUS_IN_PAGE_ERROR                 0xC0000006u
#define STATUS_PAGEFILE_QUOTA                0xC0000007u
#define STATUS_INVALID_HANDLE                0xC0000008u
#define STATUS_INVALID_CID                   0xC000000Bu
#define STATUS_INVALID_PARAMETER             0xC000000Du
#define STATUS_NO_SUCH_DEVICE                0xC000000Eu
#define STATUS_NO_SUCH_FILE                  0xC000000Fu
#define STATUS_INVALID_DEVICE_REQUEST        0xC0000010u
#define STATUS_END_OF_FILE                   0xC0000011u
#define STATUS_NO_MEMORY                     0xC0000017u
#define STATUS_CONFLICTING_ADDRESSES         0xC0000018u
#define STATUS_NOT_MAPPED_VIEW               0xC0000019u
#define STATUS_ACCESS_DENIED                 0xC0000022u
#define STATUS_BUFFER_TOO_SMALL              0xC0000023u
#define STATUS_OBJECT_TYPE_MISMATCH          0xC0000024u
#define STATUS_PORT_DISCONNECTED             0xC0000037u
#define STATUS_SHARING_VIOLATION             0xC0000043u
#define STATUS_QUOTA_EXCEEDED                0xC0000044u
#define STATUS_INVALID_PAGE_PROTECTION       0xC0000045u
#define STATUS_FILE_LOCK_CONFLICT            0xC0000054u
#define STATUS_DISK_FULL                     0xC000007Fu
#define STATUS_INSUFFICIENT_RESOURCES        0xC000009Au
#define STATUS_DEVICE_NOT_CONNECTED          0xC000009Du
#define STATUS_WORKING_SET_QUOTA             0xC00000A1u
#define STATUS_DEVICE_NOT_READY              0xC00000A3u
#define STATUS_INVALID_PIPE_STATE            0xC00000ADu
#define STATUS_PIPE_BUSY                     0xC00000AEu
#define STATUS_PIPE_DISCONNECTED             0xC00000B0u
#define STATUS_PIPE_CLOSING                  0xC00000B1u
#define STATUS_PIPE_CONNECTED                0xC00000B2u
#define STATUS_PIPE_LISTENING                0xC00000B3u
#define STATUS_IO_TIMEOUT                    0xC00000B5u
#define STATUS_FILE_FORCED_CLOSED            0xC00000B6u
#define STATUS_NOT_SUPPORTED                 0xC00000BBu
#define STATUS_REMOTE_NOT_LISTENING          0xC00000BCu
#define STATUS_BAD_NETWORK_PATH              0xC00000BEu
#define STATUS_NETWORK_BUSY                  0xC00000BFu
#define STATUS_DEVICE_DOES_NOT_EXIST         0xC00000C0u
#define STATUS_TOO_MANY_COMMANDS             0xC00000C1u
#define STATUS_ADAPTER_HARDWARE_ERROR        0xC00000C2u
#define STATUS_INVALID_NETWORK_RESPONSE      0xC00000C3u
#define STATUS_UNEXPECTED_NETWORK_ERROR      0xC00000C4u
#define STATUS_BAD_REMOTE_ADAPTER            0xC00000C5u
#define STATUS_NETWORK_NAME_DELETED          0xC00000C9u
#define STATUS_NETWORK_ACCESS_DENIED         0xC00000CAu
#define STATUS_BAD_NETWORK_NAME              0xC00000CCu
#define STATUS_TOO_MANY_NAMES                0xC00000CDu
#define STATUS_TOO_MANY_SESSIONS             0xC00000CEu
#define STATUS_PIPE_EMPTY                    0xC00000D9u
#define STATUS_INVALID_USER_BUFFER           0xC00000E8u
#define STATUS_CONNECTION_IN_USE             0xC0000108u
#define STATUS_PROCESS_IS_TERMINATING        0xC000010Au
#define STATUS_TOO_MANY_OPENED_FILES         0xC000011Fu
#define STATUS_CANCELLED                     0xC0000120u
#define STATUS_FILE_CLOSED                   0xC0000128u
#define STATUS_PAGEFILE_QUOTA_EXCEEDED       0xC000012Cu
#define STATUS_COMMITMENT_LIMIT              0xC000012Du
#define STATUS_LOCAL_DISCONNECT              0xC000013Bu
#define STATUS_REMOTE_DISCONNECT             0xC000013Cu
#define STATUS_REMOTE_RESOURCES              0xC000013Du
#define STATUS_LINK_FAILED                   0xC000013Eu
#define STATUS_LINK_TIMEOUT                  0xC000013Fu
#define STATUS_INVALID_CONNECTION            0xC0000140u
#define STATUS_INVALID_ADDRESS               0xC0000141u
#define STATUS_PIPE_BROKEN                   0xC000014Bu
#define STATUS_INVALID_DEVICE_STATE          0xC0000184u
#define STATUS_IO_DEVICE_ERROR               0xC0000185u
#define STATUS_NETWORK_OPEN_RESTRICTION      0xC0000201u
#define STATUS_INSUFF_SERVER_RESOURCES       0xC0000205u
#define STATUS_INVALID_BUFFER_SIZE           0xC0000206u
#define STATUS_INVALID_ADDRESS_COMPONENT     0xC0000207u
#define STATUS_INVALID_ADDRESS_WILDCARD      0xC0000208u
#define STATUS_TOO_MANY_ADDRESSES            0xC0000209u
#define STATUS_ADDRESS_ALREADY_EXISTS        0xC000020Au
#define STATUS_ADDRESS_CLOSED                0xC000020Bu
#define STATUS_CONNECTION_DISCONNECTED       0xC000020Cu
#define STATUS_CONNECTION_RESET              0xC000020Du
#define STATUS_HANDLE_NOT_CLOSABLE           0xC0000235u
#define STATUS_CONNECTION_REFUSED            0xC0000236u
#define STATUS_GRACEFUL_DISCONNECT           0xC0000237u
#define STATUS_ADDRESS_ALREADY_ASSOCIATED    0xC0000238u
#define STATUS_ADDRESS_NOT_ASSOCIATED        0xC0000239u
#define STATUS_CONNECTION_INVALID            0xC000023Au
#define STATUS_CONNECTION_ACTIVE             0xC000023Bu
#define STATUS_NETWORK_UNREACHABLE           0xC000023Cu
#define STATUS_HOST_UNREACHABLE              0xC000023Du
#define STATUS_PROTOCOL_UNREACHABLE          0xC000023Eu
#define STATUS_PORT_UNREACHABLE              0xC000023Fu
#define STATUS_REQUEST_ABORTED               0xC0000240u
#define STATUS_CONNECTION_ABORTED            0xC0000241u
#define STATUS_USER_MAPPED_FILE              0xC0000243u
#define STATUS_CONNECTION_COUNT_LIMIT        0xC0000246u
#define STATUS_DEVICE_REMOVED                0xC00002B6u
#define STATUS_HOST_DOWN                     0xC0000350u
#define STATUS_NETWORK_SESSION_EXPIRED       0xC000035Cu

/* jextract cannot bind aggregate initialisers: a GUID is given by its two halves
 * as a little-endian machine stores them (Data1 | Data2<<32 | Data3<<48, Data4). */
#define WSAID_TRANSMITFILE_LO                0x11CFCBACB5367DF0LL
#define WSAID_TRANSMITFILE_HI                0x92A1485F8000CA95LL
#define WSAID_ACCEPTEX_LO                    0x11CFCBACB5367DF1LL
#define WSAID_ACCEPTEX_HI                    0x92A1485F8000CA95LL
#define WSAID_GETACCEPTEXSOCKADDRS_LO        0x11CFCBACB5367DF2LL
#define WSAID_GETACCEPTEXSOCKADDRS_HI        0x92A1485F8000CA95LL
#define WSAID_DISCONNECTEX_LO                0x436F86307FDA2E11LL
#define WSAID_DISCONNECTEX_HI                0x57C1EEA636F531A0LL
#define WSAID_CONNECTEX_LO                   0x4660DDF325A207B9LL
#define WSAID_CONNECTEX_HI                   0x3E06748CE576E98ELL

#endif
