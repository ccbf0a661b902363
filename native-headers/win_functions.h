/*
 * The Windows functions that iocp4j binds, by library. GetLastError and WSAGetLastError are left out on purpose:
 * by the time that Java could call them their value is gone; win32 captures it with each call.
 * functions.txt names those that jextract takes up.
 */
#ifndef WIN_FUNCTIONS_H
#define WIN_FUNCTIONS_H
#include "win_types.h"

/* ---- kernel32 ------------------------------------------------------------ */
HANDLE   CreateIoCompletionPort(HANDLE FileHandle, HANDLE ExistingCompletionPort,
                                ULONG_PTR CompletionKey, DWORD NumberOfConcurrentThreads);
BOOL     GetQueuedCompletionStatusEx(HANDLE CompletionPort, ADDRESS lpCompletionPortEntries, ULONG ulCount,
                                     ADDRESS ulNumEntriesRemoved, DWORD dwMilliseconds, BOOL fAlertable);
BOOL     PostQueuedCompletionStatus(HANDLE CompletionPort, DWORD dwNumberOfBytesTransferred,
                                    ULONG_PTR dwCompletionKey, ADDRESS lpOverlapped);
BOOL     SetFileCompletionNotificationModes(HANDLE FileHandle, BYTE Flags);
BOOL     CancelIoEx(HANDLE hFile, ADDRESS lpOverlapped);
BOOL     CloseHandle(HANDLE hObject);
HANDLE   CreateFileW(ADDRESS lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode, ADDRESS lpSecurityAttributes,
                     DWORD dwCreationDisposition, DWORD dwFlagsAndAttributes, HANDLE hTemplateFile);
BOOL     GetFileSizeEx(HANDLE hFile, ADDRESS lpFileSize);
BOOL     ReadFile(HANDLE hFile, ADDRESS lpBuffer, DWORD nNumberOfBytesToRead, ADDRESS lpNumberOfBytesRead,
                  ADDRESS lpOverlapped);
BOOL     WriteFile(HANDLE hFile, ADDRESS lpBuffer, DWORD nNumberOfBytesToWrite, ADDRESS lpNumberOfBytesWritten,
                   ADDRESS lpOverlapped);
void     Sleep(DWORD dwMilliseconds);
BOOL     DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle, HANDLE hTargetProcessHandle,
                         ADDRESS lpTargetHandle, DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwOptions);
DWORD    FormatMessageW(DWORD dwFlags, ADDRESS lpSource, DWORD dwMessageId, DWORD dwLanguageId,
                        ADDRESS lpBuffer, DWORD nSize, ADDRESS Arguments);
ADDRESS  VirtualAlloc(ADDRESS lpAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect);
BOOL     VirtualFree(ADDRESS lpAddress, SIZE_T dwSize, DWORD dwFreeType);
BOOL     K32GetProcessMemoryInfo(HANDLE Process, ADDRESS ppsmemCounters, DWORD cb);

/* ---- ws2_32 -------------------------------------------------------------- */
int      WSAStartup(WORD wVersionRequested, ADDRESS lpWSAData);
SOCKET   WSASocketW(int af, int type, int protocol, ADDRESS lpProtocolInfo, DWORD g, DWORD dwFlags);
int      closesocket(SOCKET s);
int      bind(SOCKET s, ADDRESS name, int namelen);
int      listen(SOCKET s, int backlog);
int      getsockname(SOCKET s, ADDRESS name, ADDRESS namelen);
int      getpeername(SOCKET s, ADDRESS name, ADDRESS namelen);
int      ioctlsocket(SOCKET s, int cmd, ADDRESS argp);          /* cmd: `long` in the SDK, 32 bits */
int      setsockopt(SOCKET s, int level, int optname, ADDRESS optval, int optlen);
int      getsockopt(SOCKET s, int level, int optname, ADDRESS optval, ADDRESS optlen);
int      shutdown(SOCKET s, int how);
int      WSAIoctl(SOCKET s, DWORD dwIoControlCode, ADDRESS lpvInBuffer, DWORD cbInBuffer,
                  ADDRESS lpvOutBuffer, DWORD cbOutBuffer, ADDRESS lpcbBytesReturned,
                  ADDRESS lpOverlapped, ADDRESS lpCompletionRoutine);
int      WSARecv(SOCKET s, ADDRESS lpBuffers, DWORD dwBufferCount, ADDRESS lpNumberOfBytesRecvd,
                 ADDRESS lpFlags, ADDRESS lpOverlapped, ADDRESS lpCompletionRoutine);
int      WSASend(SOCKET s, ADDRESS lpBuffers, DWORD dwBufferCount, ADDRESS lpNumberOfBytesSent,
                 DWORD dwFlags, ADDRESS lpOverlapped, ADDRESS lpCompletionRoutine);
int      recv(SOCKET s, ADDRESS buf, int len, int flags);

/* ---- iphlpapi ------------------------------------------------------------ */
DWORD    GetExtendedTcpTable(ADDRESS pTcpTable, ADDRESS pdwSize, BOOL bOrder, ULONG ulAf,
                             int TableClass, ULONG Reserved);

/* ---- ntdll --------------------------------------------------------------- */
NTSTATUS NtSetInformationFile(HANDLE FileHandle, ADDRESS IoStatusBlock, ADDRESS FileInformation,
                              ULONG Length, int FileInformationClass);
ULONG    RtlNtStatusToDosError(NTSTATUS Status);

#endif
